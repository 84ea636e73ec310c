-- What the ledger holds, corrections and what they corrected alike: what was exported before a correction was sent.
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
    status,
    ledger_version = max(ledger_version) over (partition by campaign, campaign_week) as is_newest
from {{ source('rekindle', 'sealed_touches') }}
