with tickets as (
    select * from {{ ref('stg_chain__tickets') }}
),

member_records as (
    select * from {{ ref('int_identity__members') }}
),

rules as (
    {{ settings('metric_settings', ['low_rating_at_most']) }}
)

select
    tickets.source,
    tickets.ticket_key,
    tickets.ticket_id,
    member_records.member_key,
    tickets.kind,
    tickets.opened_on,
    tickets.resolved_on,
    tickets.order_id,
    tickets.store_id,
    tickets.topic,
    tickets.rating,
    tickets.sentiment,
    coalesce(
        tickets.kind = 'complaint'
        or tickets.sentiment = 'negative'
        or tickets.rating <= rules.low_rating_at_most,
        false
    ) as is_negative
from tickets
cross join rules
inner join member_records
    on tickets.source = member_records.source
    and tickets.system = member_records.system
    and tickets.member_id = member_records.member_id
