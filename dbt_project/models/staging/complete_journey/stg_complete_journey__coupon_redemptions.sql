with newest as (
    {{ newest_delivered(
        'complete_journey', 'coupon_redemptions', ['household_id', 'campaign_id', 'coupon_upc', 'redemption_date']
    ) }}
)

select
    source,
    campaign_id,
    coupon_upc,
    'complete_journey' as system,
    cast(household_id as {{ dbt.type_string() }}) as member_id,
    redemption_date as redeemed_on
from newest
