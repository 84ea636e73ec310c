-- What an entry is expected to cost whatever its arm, so that no arm is dropped sooner than another.
with arms as (
    select * from {{ ref('campaign_arms') }}
    where arm_role = 'treatment'
),

steps as (
    select * from {{ ref('campaign_steps') }}
),

benefits as (
    select * from {{ ref('benefits') }}
),

channels as (
    select * from {{ ref('contact_channels') }}
)

select
    arms.campaign,
    {{ money_sum('arms.share * (benefits.cost_amount + channels.cost_amount)') }} as expected_cost_amount
from arms
inner join steps
    on arms.campaign = steps.campaign
    and steps.arm in ('every', arms.arm)
inner join benefits on steps.benefit = benefits.benefit
inner join channels on steps.channel = channels.channel
group by arms.campaign
