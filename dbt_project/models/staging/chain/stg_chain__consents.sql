-- A consent withdrawn stays withdrawn where the row that told it was deleted.
with newest as (
    {{ newest_delivered('chain', 'consents', ['system', 'consent_id'], keeps='not delivered.is_granted') }}
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
