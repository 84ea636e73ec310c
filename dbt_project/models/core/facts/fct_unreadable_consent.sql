with unreadable as (
    select * from {{ ref('int_unreadable_consents') }}
)

select
    unreadable_id,
    source,
    delivered_on,
    held_reason,
    held_column,
    channel,
    purpose,
    happened_on,
    count(distinct member_key) as members
from unreadable
group by unreadable_id, source, delivered_on, held_reason, held_column, channel, purpose, happened_on
