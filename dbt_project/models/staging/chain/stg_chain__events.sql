with newest as (
    {{ newest_delivered('chain', 'events', ['system', 'event_id']) }}
)

select
    source,
    {{ id_key('event_id') }} as event_key,
    system,
    member_id,
    event_type,
    happened_at,
    {{ business_date('happened_at') }} as happened_on,
    channel,
    product_id,
    store_id,
    coalesce(is_competitor, false) as is_competitor
from newest
