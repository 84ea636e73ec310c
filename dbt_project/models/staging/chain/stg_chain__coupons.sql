with newest as (
    {{ newest_delivered('chain', 'coupons', ['system', 'coupon_id']) }}
)

select
    source,
    {{ id_key('coupon_id') }} as coupon_key,
    system,
    member_id,
    benefit_code,
    campaign_code,
    {{ business_date('issued_at') }} as issued_on,
    {{ business_date('expires_at') }} as expires_on,
    {{ business_date('redeemed_at') }} as redeemed_on,
    order_id,
    face_amount
from newest
