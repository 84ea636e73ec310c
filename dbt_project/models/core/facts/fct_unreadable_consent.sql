with unreadable as (
    select * from {{ ref('int_unreadable_consents') }}
)

select
    unreadable_id,
    source,
    table_name,
    delivered_on,
    quarantine_reason,
    quarantine_column,
    min(channel) as channel,
    purpose,
    happened_on,
    {{ integer_sum('case when member_key <> 0 then 1 else 0 end') }} as members
from unreadable
group by unreadable_id, source, table_name, delivered_on, quarantine_reason, quarantine_column, purpose, happened_on
