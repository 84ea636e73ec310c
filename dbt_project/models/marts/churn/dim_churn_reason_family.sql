select
    family,
    family_order,
    label_en,
    label_zh
from {{ ref('churn_reason_families') }}
