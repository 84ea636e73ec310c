select
    span_weeks,
    label_en,
    label_zh
from {{ ref('rfm_migration_spans') }}
