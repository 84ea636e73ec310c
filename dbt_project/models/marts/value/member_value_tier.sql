-- Members in falling order of net amount; a tier reaches as far as the revenue of everybody strictly above leaves the
-- running share under its bound, so equal amounts share a tier. Refunds beyond purchases count as no revenue.
with members as (
    select
        member_key,
        as_of_date,
        {{ money('greatest(monetary, 0)') }} as net_amount
    from {{ ref('int_rfm__values') }}
    where is_asked_for
),

tiers as (
    select * from {{ ref('value_tiers') }}
),

last_tier as (
    select max(tier_order) as tier_order from tiers
),

amounts as (
    select
        as_of_date,
        net_amount,
        sum(net_amount) as amount_at_value
    from members
    group by as_of_date, net_amount
),

running as (
    select
        as_of_date,
        net_amount,
        coalesce(sum(amount_at_value) over (
            partition by as_of_date
            order by net_amount desc rows between unbounded preceding and 1 preceding
        ), 0) as amount_above,
        sum(amount_at_value) over (partition by as_of_date) as total_amount
    from amounts
),

placed as (
    select
        running.as_of_date,
        running.net_amount,
        {{ share('running.amount_above', 'running.total_amount') }} as revenue_share_above,
        coalesce(min(tiers.tier_order), last_tier.tier_order) as tier_order
    from running
    cross join last_tier
    left join tiers
        on running.amount_above < tiers.revenue_share_below * running.total_amount
        and running.net_amount > 0
    group by running.as_of_date, running.net_amount, running.amount_above, running.total_amount, last_tier.tier_order
)

select
    members.member_key,
    members.as_of_date,
    tiers.value_tier,
    members.net_amount,
    placed.revenue_share_above
from members
inner join placed
    on members.as_of_date = placed.as_of_date
    and members.net_amount = placed.net_amount
inner join tiers on placed.tier_order = tiers.tier_order
