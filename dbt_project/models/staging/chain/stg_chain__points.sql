with newest as (
    {{ newest_delivered('chain', 'points', ['entry_id']) }}
)

select
    'chain' as source,
    entry_id,
    system,
    member_id,
    {{ business_date('happened_at') }} as happened_on,
    kind,
    points,
    order_id,
    expires_on
from newest
