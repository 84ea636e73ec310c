-- Why a candidate may not enter one campaign although others may be open.
with candidates as (
    select * from {{ ref('aud_candidates') }}
),

campaigns as (
    select * from {{ ref('campaigns') }}
),

entries as (
    select * from {{ ref('int_sealed_decisions') }}
    where is_included
),

capped as (
    select * from {{ ref('aud_capped') }}
),

members as (
    select * from {{ ref('dim_member') }}
),

steps as (
    select * from {{ ref('campaign_steps') }}
),

benefit_stores as (
    select * from {{ ref('benefit_stores') }}
),

limited_benefits as (
    select distinct benefit
    from benefit_stores
)

select distinct
    candidates.campaign,
    candidates.campaign_week,
    candidates.member_key,
    'cooldown' as reason
from candidates
inner join campaigns on candidates.campaign = campaigns.campaign
inner join entries
    on candidates.campaign = entries.campaign
    and candidates.member_key = entries.member_key
    and candidates.campaign_week > entries.campaign_week
    and {{ add_days('candidates.campaign_week', '-campaigns.cooldown_days') }} < entries.campaign_week
union all
select
    campaign,
    campaign_week,
    member_key,
    'frequency_cap' as reason
from capped
union all
-- Of a week that is sealed in part, whom a sealed campaign has is taken, whatever its priority.
select distinct
    candidates.campaign,
    candidates.campaign_week,
    candidates.member_key,
    'higher_priority' as reason
from candidates
inner join entries
    on candidates.campaign <> entries.campaign
    and candidates.campaign_week = entries.campaign_week
    and candidates.member_key = entries.member_key
union all
-- A step without its benefit in the member's store would promise what nobody can give.
select distinct
    candidates.campaign,
    candidates.campaign_week,
    candidates.member_key,
    'benefit_unavailable' as reason
from candidates
inner join steps on candidates.campaign = steps.campaign
inner join limited_benefits on steps.benefit = limited_benefits.benefit
inner join members on candidates.member_key = members.member_key
left join benefit_stores as offered
    on steps.benefit = offered.benefit
    and members.home_store_id = offered.store_id
where offered.benefit is null
