-- A signal answered in steps fires from the first day of a step to its last, at the step's level.
with thresholds as (
    select * from {{ ref('churn_thresholds') }}
),

steps as (
    select * from {{ ref('no_login_steps') }}
),

levels as (
    select * from {{ ref('churn_levels') }}
),

stepped as (
    select
        thresholds.signal,
        coalesce(steps.churn_level, thresholds.churn_level) as churn_level,
        steps.step,
        thresholds.more_than,
        coalesce(thresholds.at_least, 0) + coalesce(steps.from_days, 0) as at_least_days,
        coalesce(thresholds.at_least + steps.to_days + 1, thresholds.less_than) as less_than_days,
        coalesce(thresholds.minimum_overdue_ratio, 0) as minimum_overdue_ratio,
        coalesce(thresholds.minimum_purchase_days, 0) as minimum_purchase_days,
        thresholds.riskiest_share,
        cast(
            coalesce(thresholds.more_than, thresholds.at_least, thresholds.less_than, thresholds.riskiest_share)
            as decimal(9, 3)
        ) as threshold
    from thresholds
    left join steps on thresholds.signal = steps.signal
)

select
    stepped.signal,
    cast(row_number() over (
        partition by stepped.signal
        order by levels.level_order, stepped.more_than, stepped.at_least_days, stepped.step
    ) as integer) as threshold_order,
    stepped.churn_level,
    levels.level_order,
    stepped.step,
    stepped.threshold,
    stepped.more_than,
    cast(stepped.at_least_days as integer) as at_least_days,
    cast(stepped.less_than_days as integer) as less_than_days,
    cast(stepped.minimum_overdue_ratio as decimal(9, 3)) as minimum_overdue_ratio,
    cast(stepped.minimum_purchase_days as integer) as minimum_purchase_days,
    stepped.riskiest_share
from stepped
inner join levels on stepped.churn_level = levels.churn_level
