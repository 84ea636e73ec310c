{%- set coupon_columns %}
        source,
        coupon_key,
        system,
        member_id,
        benefit_code,
        campaign_code,
        issued_on,
        expires_on,
        redeemed_on,
        order_id,
        face_amount
{%- endset -%}
with chain_coupons as (
    select * from {{ ref('stg_chain__coupons') }}
),

coupon_redemptions as (
    select * from {{ ref('stg_complete_journey__coupon_redemptions') }}
),

campaign_descriptions as (
    select * from {{ ref('stg_complete_journey__campaign_descriptions') }}
),

member_records as (
    select * from {{ ref('int_identity__members') }}
),

-- Coupons of the Complete Journey that were never redeemed are missing, for who got which is known for some campaigns
-- only: a redemption rate must not be taken from these rows.
complete_journey_coupons as (
    select
        coupon_redemptions.source,
        {{ text_key(dbt.concat([
            "'coupon-'", "cast(coupon_redemptions.campaign_id as " ~ dbt.type_string() ~ ")",
            "'-'", "cast(coupon_redemptions.coupon_upc as " ~ dbt.type_string() ~ ")",
            "'-'", "coupon_redemptions.member_id",
            "'-'", "cast(coupon_redemptions.redeemed_on as " ~ dbt.type_string() ~ ")",
        ])) }} as coupon_key,
        coupon_redemptions.system,
        coupon_redemptions.member_id,
        cast(coupon_redemptions.coupon_upc as {{ dbt.type_string() }}) as benefit_code,
        {{ dbt.concat(["'campaign_'", "cast(coupon_redemptions.campaign_id as " ~ dbt.type_string() ~ ")"]) }}
            as campaign_code,
        campaign_descriptions.started_on as issued_on,
        campaign_descriptions.ended_on as expires_on,
        coupon_redemptions.redeemed_on,
        cast(null as {{ dbt.type_string() }}) as order_id,
        cast(null as decimal(18, 2)) as face_amount
    from coupon_redemptions
    inner join campaign_descriptions on coupon_redemptions.campaign_id = campaign_descriptions.campaign_id
),

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
    coupons.coupon_key,
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
