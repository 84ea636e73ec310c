with newest as (
    {{ newest_delivered('chain', 'consents', ['consent_id']) }}
)

select
    source,
    consent_id,
    system,
    member_id,
    channel,
    purpose,
    is_granted,
    happened_at,
    {{ business_date('happened_at') }} as happened_on,
    delivered_on as reported_on
from newest
