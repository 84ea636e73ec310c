{%- set decided = [
    'campaign', 'campaign_week', 'as_of_date', 'member_key', 'is_included', 'drop_reason', 'arm', 'arm_role', 'propensity',
    'priority', 'value_rank', 'expected_cost_amount', 'definition_hash', 'stage', 'silence_tier', 'silence_cause',
    'value_tier', 'region', 'home_store_id',
] -%}
-- A sealed week is what its seal says; a week not sealed yet is proposed from the state of the Sunday before: campaigns
-- have their turn by priority among those against whom nothing speaks, and the first reason against the others counts.
-- Whoever enters does so in the arm that the draw falls into, whatever the week.
with recursive sealed as (
    select * from {{ ref('int_sealed_decisions') }}
),

candidates as (
    select * from {{ ref('aud_decisions__candidates') }}
),

campaign_weeks as (
    select * from {{ ref('aud_campaign_weeks') }}
),

exclusions as (
    select * from {{ ref('aud_decisions__excluded') }}
),

reasons as (
    select * from {{ ref('drop_reasons') }}
),

first_exclusions as (
    select
        exclusions.campaign,
        exclusions.campaign_week,
        exclusions.member_key,
        min(reasons.reason_order) as reason_order
    from exclusions
    inner join reasons on exclusions.reason = reasons.reason
    group by exclusions.campaign, exclusions.campaign_week, exclusions.member_key
),

asked as (
    select
        candidates.*,
        first_exclusions.reason_order
    from candidates
    left join first_exclusions
        on candidates.campaign = first_exclusions.campaign
        and candidates.campaign_week = first_exclusions.campaign_week
        and candidates.member_key = first_exclusions.member_key
),

contenders as (
    select * from asked
    where reason_order is null
),

campaign_arms as (
    select * from {{ ref('campaign_arms') }}
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

{{ campaign_turns('contenders', 'campaign_weeks') }},

checked as (
    select
        asked.*,
        case
            when passed.taken_turn < asked.turn and coalesce(asked.reason_order > taken.reason_order, true)
                then taken.reason
            else coalesce(reasons.reason, passed.reason)
        end as drop_reason,
        passed.value_rank,
        {{ hash_fraction('asked.campaign', 'asked.member_key') }} as draw
    from asked
    inner join reasons as taken on taken.reason = 'higher_priority'
    left join reasons on asked.reason_order = reasons.reason_order
    left join passed
        on asked.campaign_week = passed.campaign_week
        and asked.member_key = passed.member_key
        and asked.turn = passed.turn_no
),

drawn as (
    select
        checked.*,
        (checked.drop_reason is null) as is_included,
        case when checked.drop_reason is null then arms.arm end as arm,
        case when checked.drop_reason is null then arms.arm_role end as arm_role,
        case when checked.drop_reason is null then arms.share end as propensity
    from checked
    inner join arms
        on checked.campaign = arms.campaign
        and checked.draw >= arms.to_share - arms.share
        and checked.draw < arms.to_share
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
