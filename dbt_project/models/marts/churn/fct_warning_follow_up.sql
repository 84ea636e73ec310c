-- Sums and squares, so that any reader can make means, variances and intervals without members.
with outcomes as (
    select * from {{ ref('fct_warning_outcome') }}
),

levels as (
    select * from {{ ref('churn_levels') }}
),

follow_up as (
    select
        started_on,
        horizon_days,
        churn_level,
        is_held_out,
        count(*) as warned_members,
        {{ integer_sum('case when is_first_episode then 1 else 0 end') }} as first_warned_members,
        {{ integer_sum('case when is_answered then 1 else 0 end') }} as answered_members,
        {{ integer_sum('case when is_returned then 1 else 0 end') }} as returned_members,
        {{ share(integer_sum('case when is_answered then 1 else 0 end'), 'count(*)') }} as answered_share,
        {{ share(integer_sum('case when is_returned then 1 else 0 end'), 'count(*)') }} as returned_share,
        {{ money_sum('net_amount') }} as net_amount,
        cast(sum({{ exact_product('net_amount', 'net_amount') }}) as decimal(38, 4)) as net_amount_squares,
        count(margin_amount) as members_with_margin,
        {{ money_sum('margin_amount') }} as margin_amount,
        cast(sum({{ exact_product('margin_amount', 'margin_amount') }}) as decimal(38, 4)) as margin_amount_squares
    from outcomes
    group by started_on, horizon_days, churn_level, is_held_out
)

select
    follow_up.*,
    levels.level_order,
    levels.label_en as level_label_en,
    levels.label_zh as level_label_zh
from follow_up
inner join levels on follow_up.churn_level = levels.churn_level
