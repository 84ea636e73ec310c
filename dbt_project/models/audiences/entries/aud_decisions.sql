{%- set decided = [
    'campaign', 'campaign_week', 'as_of_date', 'member_key', 'is_included', 'drop_reason', 'arm', 'arm_role', 'propensity',
    'priority', 'value_rank', 'expected_cost_amount', 'definition_hash', 'stage', 'silence_tier', 'silence_cause',
    'value_tier', 'region', 'home_store_id',
] -%}
-- A sealed week is what its seal says; a week not sealed yet is proposed from the state of the Sunday before. Whoever
-- enters does so in the arm that the draw falls into, whatever the week.
with sealed as (
    select * from {{ ref('int_sealed_decisions') }}
),

candidates as (
    select * from {{ ref('aud_decisions__candidates') }}
),

ranked as (
    select * from {{ ref('aud_decisions__ranked') }}
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

checked as (
    select
        candidates.*,
        ranked.drop_reason,
        ranked.value_rank,
        {{ hash_fraction('candidates.campaign', 'candidates.member_key') }} as draw
    from candidates
    inner join ranked
        on candidates.campaign = ranked.campaign
        and candidates.campaign_week = ranked.campaign_week
        and candidates.member_key = ranked.member_key
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
