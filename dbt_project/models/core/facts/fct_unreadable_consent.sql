with unreadable as (
    select * from {{ ref('int_unreadable_consents') }}
)

select
    unreadable_id,
    source,
    delivered_on,
    quarantine_reason,
    quarantine_column,
    channel,
    purpose,
    happened_on,
    count(distinct member_key) as members
from unreadable
group by unreadable_id, source, delivered_on, quarantine_reason, quarantine_column, channel, purpose, happened_on
