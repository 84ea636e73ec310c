select
    comparison,
    comparison_order,
    churn_level,
    label_en,
    label_zh
from {{ ref('warning_comparisons') }}
