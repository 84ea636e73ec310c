-- What earned points, folded to days: caps count units per day, then per week. Points are whole and rounded towards
-- zero, so a refund never takes more than its purchase gave. Whether what is returned takes points back is for each
-- rule to say; a purchase day is returned on the day by which all that was paid on it was paid back.
with rules as (
    select * from {{ ref('growth_rules') }}
),

purchase_days as (
    select * from {{ ref('int_purchase_days') }}
),

refunds as (
    select * from {{ ref('fct_refund') }}
    where member_key is not null
),

orders as (
    select * from {{ ref('fct_order') }}
    where is_purchase
),

behaviour_events as (
    select * from {{ ref('fct_event') }}
),

tickets as (
    select * from {{ ref('fct_ticket') }}
),

refunded_so_far as (
    select
        orders.member_key,
        orders.ordered_on as purchased_on,
        refunds.refunded_on,
        sum(sum(refunds.refunded_amount)) over (
            partition by orders.member_key, orders.ordered_on order by refunds.refunded_on
        ) as refunded_amount
    from refunds
    inner join orders
        on refunds.order_key = orders.order_key
    group by orders.member_key, orders.ordered_on, refunds.refunded_on
),

returned_days as (
    select
        purchase_days.member_key,
        purchase_days.purchased_on,
        min(refunded_so_far.refunded_on) as returned_on
    from purchase_days
    inner join refunded_so_far
        on purchase_days.member_key = refunded_so_far.member_key
        and purchase_days.purchased_on = refunded_so_far.purchased_on
        and purchase_days.net_amount <= refunded_so_far.refunded_amount
    group by purchase_days.member_key, purchase_days.purchased_on
),

-- Everything a rule may name, in one shape: money, purchase days, and each event or ticket once.
facts as (
    {%- for relation, earned_on, fact, units in [
        ('purchase_days', 'purchased_on', "'net_amount'", 'net_amount'),
        ('refunds', 'refunded_on', "'net_amount'", '-refunded_amount'),
        ('purchase_days', 'purchased_on', "'purchase_days'", '1'),
        ('returned_days', 'returned_on', "'purchase_days'", '-1'),
        ('behaviour_events', 'happened_on', 'event_type', '1'),
        ('tickets', 'opened_on', 'kind', '1'),
    ] %}
    {{ "union all" if not loop.first }}
    select
        member_key,
        {{ earned_on }} as earned_on,
        {{ fact }} as fact,
        {{ money(units) }} as units,
        {{ 'true' if units.startswith('-') else 'false' }} as is_return
    from {{ relation }}
    {%- endfor %}
),

days as (
    select
        facts.member_key,
        facts.earned_on,
        rules.growth_rule,
        {{ money_sum('facts.units') }} as units,
        least(sum(facts.units), coalesce(max(rules.daily_cap_units), sum(facts.units))) as units_within_day,
        max(rules.weekly_cap_units) as weekly_cap_units,
        max(rules.points_per_unit) as points_per_unit
    from facts
    inner join rules
        on facts.fact = rules.fact
        and (rules.takes_back or not facts.is_return)
    group by facts.member_key, facts.earned_on, rules.growth_rule
),

weeks as (
    select
        *,
        coalesce(sum(units_within_day) over (
            partition by member_key, growth_rule, {{ week_start('earned_on') }}
            order by earned_on rows between unbounded preceding and 1 preceding
        ), 0) as units_earlier_in_week
    from days
),

counted as (
    select
        *,
        {{ money("
            case
                when weekly_cap_units is null then units_within_day
                else least(units_within_day, greatest(weekly_cap_units - units_earlier_in_week, 0))
            end") }} as counted_units
    from weeks
),

pointed as (
    select
        *,
        cast(
            case
                when counted_units < 0 then ceil(counted_units * points_per_unit)
                else floor(counted_units * points_per_unit)
            end as bigint
        ) as points
    from counted
)

select
    member_key,
    earned_on,
    growth_rule,
    units,
    counted_units,
    points
from pointed
where points <> 0
