select
    source,
    system,
    member_id,
    phone as phone_pseudonym,
    email as email_pseudonym,
    union_id as union_id_pseudonym,
    card_number as card_pseudonym,
    delivered_on as reported_on
from {{ source('chain', 'members') }}
