with newest as (
    {{ newest_delivered('chain', 'orders', ['system', 'order_id']) }}
)

select
    source,
    {{ id_key('order_id') }} as order_key,
    {{ id_key('order_id', system='null') }} as order_number_key,
    order_id,
    system,
    {{ member_system() }} as member_system,
    member_id,
    {{ is_guest() }} as is_guest,
    phone as phone_pseudonym,
    email as email_pseudonym,
    store_id,
    channel,
    ordered_at,
    {{ business_date('ordered_at') }} as ordered_on,
    {{ business_hour('ordered_at') }} as ordered_hour,
    status,
    gross_amount,
    discount_amount,
    net_amount,
    cost_amount,
    coalesce(is_campaign, false) as is_campaign
from newest
