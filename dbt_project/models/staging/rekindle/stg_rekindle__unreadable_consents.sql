select
    {{ named_by(['source', 'delivered_on', 'quarantine_file', 'quarantine_row_number']) }} as unreadable_id,
    source,
    delivered_on,
    quarantine_reason,
    quarantine_column,
    consent_id,
    system,
    member_id,
    channel,
    purpose,
    happened_at,
    {{ business_date('happened_at') }} as happened_on
from {{ source('rekindle', 'unreadable_consents') }}
