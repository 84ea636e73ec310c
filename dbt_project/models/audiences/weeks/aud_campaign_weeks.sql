-- Which campaigns run in the weeks of this build, whose turn it is after whose, and what limits them. A week that is
-- sealed is not decided again. What is for a promotion begins with it: a touch of the Monday before a sale that opens
-- on Saturday would be early, and its entry would keep the member out of the sale. What an entry is expected to cost is
-- the same whatever its arm, so that no arm is dropped sooner than another.
with weeks as (
    select * from {{ ref('aud_weeks__decided') }}
),

campaigns as (
    select * from {{ ref('campaigns') }}
),

definitions as (
    select * from {{ ref('stg_rekindle__definition_hashes') }}
),

arms as (
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
),

seals as (
    select distinct
        campaign,
        campaign_week
    from {{ ref('stg_rekindle__sealed_weeks') }}
),

costs as (
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
),

personal as (
    select distinct steps.campaign
    from steps
    inner join channels on steps.channel = channels.channel
    where steps.step_no = 1 and channels.is_by_person
)

select
    campaigns.campaign,
    weeks.campaign_week,
    weeks.as_of_date,
    case when campaigns.trigger = 'promotion' then weeks.promotion_on else weeks.campaign_week end as starts_on,
    campaigns.cap_class,
    campaigns.priority,
    cast(row_number() over (
        partition by weeks.campaign_week order by campaigns.priority, campaigns.campaign
    ) as integer) as turn,
    personal.campaign is not null as is_by_person,
    costs.expected_cost_amount,
    campaigns.weekly_budget_amount,
    campaigns.weekly_capacity,
    definitions.definition_hash,
    (seals.campaign is not null) as is_sealed
from campaigns
inner join weeks
    on campaigns.valid_from <= weeks.campaign_week
    and coalesce(campaigns.valid_to, {{ end_of_time() }}) >= weeks.campaign_week
    and (campaigns.trigger <> 'promotion' or weeks.is_in_promotion)
inner join definitions on campaigns.campaign = definitions.campaign
left join costs on campaigns.campaign = costs.campaign
left join personal on campaigns.campaign = personal.campaign
left join seals
    on campaigns.campaign = seals.campaign
    and weeks.campaign_week = seals.campaign_week
