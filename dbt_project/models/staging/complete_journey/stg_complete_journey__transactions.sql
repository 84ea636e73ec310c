-- The delivered times are UTC; the shops' day is New York's (the contract says how one can tell).
with newest as (
    {{ newest_delivered('complete_journey', 'transactions', ['basket_id', 'product_id']) }}
)

select
    'complete_journey' as source,
    basket_id as order_id,
    cast(product_id as {{ dbt.type_string() }}) as product_id,
    'complete_journey' as system,
    cast(household_id as {{ dbt.type_string() }}) as member_id,
    cast(store_id as {{ dbt.type_string() }}) as store_id,
    transaction_timestamp as ordered_at,
    {{ local_date('transaction_timestamp', 'America/New_York') }} as ordered_on,
    cast(quantity as decimal(18, 3)) as quantity,
    sales_value as sales_amount,
    retail_disc as loyalty_discount_amount,
    coupon_disc as coupon_discount_amount,
    coupon_match_disc as coupon_match_amount,
    delivered_on
from newest
