with newest as (
    {{ newest_delivered('chain', 'tickets', ['ticket_id']) }}
)

select
    source,
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
