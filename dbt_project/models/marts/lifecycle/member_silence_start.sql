-- Since when a silent member is quiet: the last purchase in rhythm, that is, not later after the one before than some
-- personal cycles. One purchase months later is an answer to something, not the old rhythm again.
with lifecycle as (
    select * from {{ ref('member_lifecycle') }}
    where stage in ('silent', 'churned')
),

cycles as (
    select * from {{ ref('member_cycle') }}
),

purchase_days as (
    select * from {{ ref('int_purchase_days') }}
),

settings as (
    select * from {{ ref('silence_cause_settings') }}
)

select
    lifecycle.member_key,
    lifecycle.as_of_date,
    lifecycle.days_silent,
    lifecycle.days_since_purchase,
    cycles.cycle_days,
    cycles.overdue_ratio,
    max(purchase_days.purchased_on) as quiet_since_on
from lifecycle
inner join cycles
    on lifecycle.member_key = cycles.member_key
    and lifecycle.as_of_date = cycles.as_of_date
cross join settings
inner join purchase_days
    on lifecycle.member_key = purchase_days.member_key
    and lifecycle.as_of_date >= purchase_days.purchased_on
    and coalesce(
        {{ days_between('purchase_days.previous_purchased_on', 'purchase_days.purchased_on') }}
        <= cycles.cycle_days * settings.rhythm_cycles,
        true
    )
group by
    lifecycle.member_key, lifecycle.as_of_date, lifecycle.days_silent, lifecycle.days_since_purchase,
    cycles.cycle_days, cycles.overdue_ratio
