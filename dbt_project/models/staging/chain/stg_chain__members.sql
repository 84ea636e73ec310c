with newest as (
    {{ newest_and_first_delivered('chain', 'members', ['system', 'member_id']) }}
)

select
    source,
    system,
    member_id,
    registered_at,
    {{ business_date('registered_at') }} as registered_on,
    coalesce(updated_at, registered_at) as updated_at,
    phone as phone_pseudonym,
    email as email_pseudonym,
    union_id as union_id_pseudonym,
    card_number as card_pseudonym,
    full_name as name_pseudonym,
    region,
    city,
    home_store_id,
    case when home_store_id is not null then source end as home_store_source,
    acquisition_channel,
    device,
    member_level,
    birth_month,
    language,
    first_delivered_on,
    is_deleted
from newest
