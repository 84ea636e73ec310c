{{ config(materialized='view') }}

with coupon_redemptions as (
    select * from {{ ref('stg_complete_journey__coupon_redemptions') }}
),

campaign_descriptions as (
    select * from {{ ref('stg_complete_journey__campaign_descriptions') }}
)

select
    coupon_redemptions.source,
    {{ text_key(dbt.concat([
        "'coupon-'", "cast(coupon_redemptions.campaign_id as " ~ dbt.type_string() ~ ")",
        "'-'", "cast(coupon_redemptions.coupon_upc as " ~ dbt.type_string() ~ ")",
        "'-'", "coupon_redemptions.member_id",
        "'-'", "cast(coupon_redemptions.redeemed_on as " ~ dbt.type_string() ~ ")",
    ])) }} as coupon_id,
    coupon_redemptions.system,
    coupon_redemptions.member_id,
    cast(coupon_redemptions.coupon_upc as {{ dbt.type_string() }}) as benefit_code,
    {{ dbt.concat(["'campaign_'", "cast(coupon_redemptions.campaign_id as " ~ dbt.type_string() ~ ")"]) }}
        as campaign_code,
    campaign_descriptions.started_on as issued_on,
    campaign_descriptions.ended_on as expires_on,
    coupon_redemptions.redeemed_on,
    cast(null as bigint) as order_id,
    cast(null as decimal(18, 2)) as face_amount
from coupon_redemptions
inner join campaign_descriptions on coupon_redemptions.campaign_id = campaign_descriptions.campaign_id
