-- The newest version of each campaign week: a correction stands beside what it corrects, and is what readers see.
with sealed as (
    select
        *,
        max(ledger_version) over (partition by campaign, campaign_week) as newest_version
    from {{ source('rekindle', 'sealed_touches') }}
)

select
    planned_touch_id,
    campaign,
    campaign_week,
    ledger_version,
    entry_week,
    member_key,
    arm,
    step_no,
    planned_on,
    channel,
    template,
    benefit,
    status
from sealed
where ledger_version = newest_version
