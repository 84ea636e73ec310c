{%- set decided = [
    'campaign', 'campaign_week', 'as_of_date', 'member_key', 'is_included', 'drop_reason', 'arm', 'arm_role', 'propensity',
    'priority', 'value_rank', 'expected_cost_amount', 'definition_hash', 'stage', 'silence_tier', 'silence_cause',
    'value_tier', 'region', 'home_store_id',
] -%}
-- A sealed week is what its seal says; a week not sealed yet is proposed from the state of the Sunday before. Whoever
-- fits into budget and capacity enters, in the arm that the draw falls into, whatever the week.
with sealed as (
    select * from {{ ref('int_sealed_decisions') }}
),

ranked as (
    select * from {{ ref('aud_decisions__ranked') }}
),

campaign_weeks as (
    select * from {{ ref('aud_campaign_weeks') }}
),

members as (
    select * from {{ ref('dim_member') }}
),

campaigns as (
    select * from {{ ref('campaigns') }}
),

campaign_arms as (
    select * from {{ ref('campaign_arms') }}
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

-- What an entry is expected to cost whatever its arm, so that no arm is dropped sooner than another.
entry_costs as (
    select
        campaign_arms.campaign,
        {{ money_sum('campaign_arms.share * (benefits.cost_amount + channels.cost_amount)') }} as expected_cost_amount
    from campaign_arms
    inner join steps
        on campaign_arms.campaign = steps.campaign
        and steps.arm in ('every', campaign_arms.arm)
    inner join benefits on steps.benefit = benefits.benefit
    inner join channels on steps.channel = channels.channel
    where campaign_arms.arm_role = 'treatment'
    group by campaign_arms.campaign
),

-- Where each arm ends in [0, 1); it begins where the one before it ends.
arms as (
    select
        *,
        cast(
            sum(share) over (partition by campaign order by arm rows between unbounded preceding and current row)
            as decimal(9, 6)
        ) as to_share
    from campaign_arms
),

limited as (
    select
        ranked.*,
        entry_costs.expected_cost_amount,
        members.home_store_id,
        campaign_weeks.definition_hash,
        {{ hash_fraction('ranked.campaign', 'ranked.member_key') }} as draw,
        coalesce(
            ranked.first_reason,
            case
                when ranked.value_rank * entry_costs.expected_cost_amount > campaigns.weekly_budget_amount
                    then 'over_budget'
                when ranked.value_rank > campaigns.weekly_capacity then 'over_capacity'
            end
        ) as drop_reason
    from ranked
    inner join campaigns on ranked.campaign = campaigns.campaign
    inner join entry_costs on ranked.campaign = entry_costs.campaign
    inner join members on ranked.member_key = members.member_key
    inner join campaign_weeks
        on ranked.campaign = campaign_weeks.campaign
        and ranked.campaign_week = campaign_weeks.campaign_week
),

drawn as (
    select
        limited.*,
        (limited.drop_reason is null) as is_included,
        case when limited.drop_reason is null then arms.arm end as arm,
        case when limited.drop_reason is null then arms.arm_role end as arm_role,
        case when limited.drop_reason is null then arms.share end as propensity
    from limited
    inner join arms
        on limited.campaign = arms.campaign
        and limited.draw >= arms.to_share - arms.share
        and limited.draw < arms.to_share
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
