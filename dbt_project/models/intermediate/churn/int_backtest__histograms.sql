{%- set horizons = var('churn_horizons') -%}
-- Who got which score by which method and what came of it, counted. The whole backtest is computed from these counts,
-- so beyond this model its cost does not grow with the members. More is more at risk, by every method.
with probabilities as (
    select * from {{ ref('member_churn_probability') }}
),

lifecycle as (
    select * from {{ ref('member_lifecycle') }}
),

cycles as (
    select * from {{ ref('member_cycle') }}
),

rfm as (
    select * from {{ ref('member_rfm') }}
),

warnings as (
    select * from {{ ref('member_churn_warning') }}
),

fired as (
    select
        member_key,
        as_of_date,
        max(level_order) as level_order
    from {{ ref('fct_churn_signal') }}
    group by member_key, as_of_date
),

next_purchases as (
    select * from {{ ref('int_next_purchases') }}
),

stages as (
    select * from {{ ref('stages') }}
),

levels as (
    select * from {{ ref('churn_levels') }}
),

methods as (
    select * from {{ ref('churn_methods') }}
),

settings as (
    {{ settings('churn_settings', ['backtest_days', 'probability_floor']) }}
),

as_of_dates as (
    select * from {{ ref('dim_as_of_date') }}
),

-- Levels take a churned member for lost and warn no more: one step above the highest.
highest as (
    select max(level_order) as level_order
    from levels
),

scored as (
    select
        probabilities.as_of_date,
        {{ days_between('probabilities.as_of_date', 'newest.as_of_date') }} as days_known,
        next_purchases.days_until_purchase,
        stages.is_active,
        case
            when lifecycle.stage = 'churned' then highest.level_order + 1
            else coalesce(fired.level_order, 0)
        end as score_rules,
        case
            when lifecycle.stage = 'churned' then highest.level_order + 1
            else coalesce(levels.level_order, 0)
        end as score_level,
        cycles.overdue_ratio as score_overdue,
        {%- for horizon in horizons %}
        probabilities.base_p_no_purchase_{{ horizon }}d as score_base_{{ horizon }}d,
        probabilities.model_p_no_purchase_{{ horizon }}d as score_model_{{ horizon }}d,
        probabilities.p_no_purchase_{{ horizon }}d as score_champion_{{ horizon }}d,
        {%- endfor %}
        -coalesce(rfm.rfm_total_score, 0) as score_rfm
    from probabilities
    inner join as_of_dates as newest on newest.is_newest
    cross join highest
    inner join lifecycle
        on probabilities.member_key = lifecycle.member_key
        and probabilities.as_of_date = lifecycle.as_of_date
    inner join stages on lifecycle.stage = stages.stage
    inner join cycles
        on probabilities.member_key = cycles.member_key
        and probabilities.as_of_date = cycles.as_of_date
    left join rfm
        on probabilities.member_key = rfm.member_key
        and probabilities.as_of_date = rfm.as_of_date
    left join warnings
        on probabilities.member_key = warnings.member_key
        and probabilities.as_of_date = warnings.as_of_date
    left join levels on warnings.churn_level = levels.churn_level
    left join fired
        on probabilities.member_key = fired.member_key
        and probabilities.as_of_date = fired.as_of_date
    left join next_purchases
        on probabilities.member_key = next_purchases.member_key
        and probabilities.as_of_date = next_purchases.as_of_date
),

outcomes as (
    {%- for horizon in horizons %}
    select
        scored.as_of_date,
        {{ horizon }} as horizon_days,
        methods.method,
        methods.is_probability,
        scored.is_active,
        cast(
            case methods.method
                when 'rules' then scored.score_rules
                when 'level' then scored.score_level
                when 'overdue' then scored.score_overdue
                when 'rfm' then scored.score_rfm
                when 'base' then scored.score_base_{{ horizon }}d
                when 'model' then scored.score_model_{{ horizon }}d
                when 'champion' then scored.score_champion_{{ horizon }}d
            end as decimal(12, 6)
        ) as score,
        case when scored.days_until_purchase <= {{ horizon }} then 0 else 1 end as non_buyer
    from scored
    cross join methods
    cross join settings
    -- An outcome is known once its horizon ends on or before the newest as-of date, up to which facts are complete.
    where scored.days_known between {{ horizon }} and settings.backtest_days
    {{- "
    union all" if not loop.last }}
    {%- endfor %}
),

floored as (
    select
        outcomes.*,
        case when outcomes.is_probability then outcomes.score end as probability,
        greatest(
            case when outcomes.non_buyer = 1 then outcomes.score else 1 - outcomes.score end, settings.probability_floor
        ) as probability_of_outcome
    from outcomes
    cross join settings
    where outcomes.score is not null
)

select
    as_of_date,
    cast(horizon_days as integer) as horizon_days,
    method,
    is_active,
    -- Probabilities to three decimals, ratios to two: equal to the eye is equal in rank.
    cast(case when is_probability then score else cast(score as decimal(9, 2)) end as decimal(9, 3)) as score,
    count(*) as members,
    {{ integer_sum('non_buyer') }} as non_buyers,
    cast(sum(probability) as decimal(18, 6)) as expected_non_buyers,
    cast(sum(probability * non_buyer) as decimal(18, 6)) as probability_of_non_buyers,
    cast(sum(probability * probability) as decimal(30, 12)) as squared_probability,
    cast(
        sum(case when is_probability then cast(-ln(cast(probability_of_outcome as double)) as decimal(18, 9)) end)
        as decimal(30, 9)
    ) as log_loss_total
from floored
group by
    as_of_date, horizon_days, method, is_active,
    cast(case when is_probability then score else cast(score as decimal(9, 2)) end as decimal(9, 3))
