with effects as (
    select * from {{ ref('fct_warning_effect') }}
),

comparisons as (
    select * from {{ ref('warning_comparisons') }}
),

metrics as (
    select * from {{ ref('warning_metrics') }}
)

select
    effects.*,
    comparisons.comparison_order,
    comparisons.label_en as comparison_label_en,
    comparisons.label_zh as comparison_label_zh,
    metrics.metric_order,
    metrics.label_en as metric_label_en,
    metrics.label_zh as metric_label_zh
from effects
inner join comparisons on effects.comparison = comparisons.comparison
inner join metrics on effects.metric = metrics.metric
