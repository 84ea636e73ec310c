-- What the ledger holds, corrections and what they corrected alike.
select
    campaign,
    campaign_week,
    ledger_version,
    as_of_date,
    definition_hash,
    build_id,
    reason,
    matched,
    included,
    ledger_version = max(ledger_version) over (partition by campaign, campaign_week) as is_newest
from {{ source('rekindle', 'sealed_weeks') }}
