select
    metric,
    metric_order,
    label_en,
    label_zh
from {{ ref('warning_metrics') }}
