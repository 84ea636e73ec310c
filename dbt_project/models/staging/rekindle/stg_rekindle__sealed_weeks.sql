select
    campaign,
    campaign_week,
    ledger_version,
    as_of_date,
    definition_hash,
    build_id,
    reason,
    matched,
    included
from {{ source('rekindle', 'sealed_weeks') }}
