with chain_coupons as (
    select * from {{ ref('stg_chain__coupons') }}
),

complete_journey_coupons as (
    select * from {{ ref('int_complete_journey_coupons') }}
),

member_records as (
    select * from {{ ref('int_identity__members') }}
),

{%- set coupon_columns %}
        source,
        coupon_id,
        system,
        member_id,
        benefit_code,
        campaign_code,
        issued_on,
        expires_on,
        redeemed_on,
        order_id,
        face_amount
{%- endset %}

coupons as (
    select
        {{- coupon_columns }}
    from chain_coupons
    union all
    select
        {{- coupon_columns }}
    from complete_journey_coupons
)

select
    coupons.source,
    coupons.coupon_id,
    member_records.member_key,
    coupons.benefit_code,
    coupons.campaign_code,
    coupons.issued_on,
    coupons.expires_on,
    coupons.redeemed_on,
    coupons.order_id,
    coupons.face_amount
from coupons
inner join member_records
    on coupons.source = member_records.source
    and coupons.system = member_records.system
    and coupons.member_id = member_records.member_id
