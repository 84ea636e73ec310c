select
    {{ named_by(['source', 'table_name', 'delivered_on', 'quarantine_file', 'quarantine_row_number']) }}
        as unreadable_id,
    source,
    table_name,
    delivered_on,
    quarantine_reason,
    quarantine_column,
    consent_id,
    touch_id,
    ticket_id,
    planned_touch_id,
    system,
    member_id,
    order_id,
    channel,
    purpose,
    happened_at,
    {{ business_date('happened_at') }} as happened_on
from {{ source('rekindle', 'unreadable_consents') }}
