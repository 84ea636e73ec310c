-- The newest version of each campaign week: a correction stands beside what it corrects, and is what readers see.
with sealed as (
    select
        *,
        max(ledger_version) over (partition by campaign, campaign_week) as newest_version
    from {{ source('rekindle', 'sealed_decisions') }}
)

select
    campaign,
    campaign_week,
    ledger_version,
    as_of_date,
    member_key,
    is_included,
    drop_reason,
    arm,
    arm_role,
    propensity,
    priority,
    value_rank,
    expected_cost_amount,
    definition_hash,
    stage,
    silence_tier,
    silence_cause,
    value_tier,
    region,
    home_store_id
from sealed
where ledger_version = newest_version
