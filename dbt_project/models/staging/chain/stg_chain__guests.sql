select
    source,
    {{ member_system() }} as system,
    member_id,
    min(delivered_on) as first_delivered_on
from {{ source('chain', 'orders') }}
where {{ is_guest() }}
group by source, {{ member_system() }}, member_id
