with events as (
    select * from {{ ref('stg_chain__events') }}
),

member_records as (
    select * from {{ ref('int_identity__members') }}
)

select
    events.source,
    events.event_key,
    member_records.member_key,
    events.happened_on,
    events.event_type,
    events.channel,
    events.product_id,
    events.store_id,
    events.is_competitor
from events
inner join member_records
    on events.source = member_records.source
    and events.system = member_records.system
    and events.member_id = member_records.member_id
order by
    {{ dbt.date_trunc('month', 'events.happened_on') }},
    member_records.member_key,
    events.happened_on,
    events.event_key
