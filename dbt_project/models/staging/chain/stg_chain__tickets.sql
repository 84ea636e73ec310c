-- A complaint stays where the row that told it was deleted: it bars its member from campaigns.
with newest as (
    {{ newest_delivered('chain', 'tickets', ['system', 'ticket_id'], keeps="delivered.kind = 'complaint'") }}
)

select
    source,
    {{ id_key('ticket_id') }} as ticket_key,
    ticket_id,
    system,
    member_id,
    kind,
    {{ business_date('opened_at') }} as opened_on,
    {{ business_date('resolved_at') }} as resolved_on,
    order_id,
    store_id,
    topic,
    rating,
    sentiment,
    delivered_on as reported_on
from newest
