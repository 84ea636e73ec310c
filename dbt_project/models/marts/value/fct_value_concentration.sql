{{ config(materialized='history') }}
{%- set window = var('activity_windows') | max -%}
-- How much of the revenue, and of what discounts cost, each tier carries.
with tiers as (
    select * from {{ ref('member_value_tier') }}
),

activity as (
    select * from {{ ref('member_activity') }}
),

summed as (
    select
        tiers.as_of_date,
        tiers.value_tier,
        count(*) as members,
        {{ money_sum('tiers.net_amount') }} as net_amount,
        {{ money_sum('activity.discount_amount_' ~ window ~ 'd') }} as discount_amount
    from tiers
    inner join activity
        on tiers.member_key = activity.member_key
        and tiers.as_of_date = activity.as_of_date
    group by tiers.as_of_date, tiers.value_tier
),

shares as (
    select
        *,
        {{ share('members', 'sum(members) over (partition by as_of_date)') }} as member_share,
        {{ share('net_amount', 'sum(net_amount) over (partition by as_of_date)') }} as net_amount_share,
        {{ share('discount_amount', 'sum(discount_amount) over (partition by as_of_date)') }} as discount_amount_share
    from summed
)

select
    *,
    cast(net_amount_share - discount_amount_share as decimal(9, 6)) as value_less_cost_share
from shares
