with newest as (
    {{ newest_delivered('chain', 'events', ['event_id']) }}
)

select
    source,
    event_id,
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
