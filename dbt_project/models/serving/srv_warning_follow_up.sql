with follow_up as (
    select * from {{ ref('fct_warning_follow_up') }}
),

levels as (
    select * from {{ ref('churn_levels') }}
)

select
    follow_up.*,
    levels.level_order,
    levels.label_en as level_label_en,
    levels.label_zh as level_label_zh
from follow_up
inner join levels on follow_up.churn_level = levels.churn_level
