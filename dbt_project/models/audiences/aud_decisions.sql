{%- set decided = [
    'campaign', 'campaign_week', 'as_of_date', 'member_key', 'is_included', 'drop_reason', 'arm', 'arm_role', 'propensity',
    'priority', 'value_rank', 'expected_cost_amount', 'definition_hash', 'stage', 'silence_tier', 'silence_cause',
    'value_tier', 'region', 'home_store_id',
] -%}
-- A sealed week is what its seal says; a week not sealed yet is proposed from the state of the Sunday before.
with sealed as (
    select * from {{ ref('int_sealed_decisions') }}
),

proposals as (
    select * from {{ ref('aud_proposals') }}
),

arms as (
    select * from {{ ref('aud_arms') }}
),

campaign_weeks as (
    select * from {{ ref('aud_campaign_weeks') }}
),

members as (
    select * from {{ ref('dim_member') }}
),

drawn as (
    select
        proposals.*,
        (proposals.drop_reason is null) as is_included,
        members.home_store_id,
        campaign_weeks.definition_hash,
        case when proposals.drop_reason is null then arms.arm end as arm,
        case when proposals.drop_reason is null then arms.arm_role end as arm_role,
        case when proposals.drop_reason is null then arms.propensity end as propensity
    from proposals
    inner join members on proposals.member_key = members.member_key
    inner join campaign_weeks
        on proposals.campaign = campaign_weeks.campaign
        and proposals.campaign_week = campaign_weeks.campaign_week
    inner join arms
        on proposals.campaign = arms.campaign
        and {{ hash_fraction('proposals.campaign', 'proposals.member_key') }} >= arms.from_share
        and {{ hash_fraction('proposals.campaign', 'proposals.member_key') }} < arms.to_share
)

select
    {{ decided | join(',\n    ') }},
    ledger_version,
    true as is_sealed
from sealed
union all
select
    {{ decided | join(',\n    ') }},
    cast(null as integer) as ledger_version,
    false as is_sealed
from drawn
