with newest as (
    {{ newest_and_first_delivered('complete_journey', 'transactions', ['basket_id', 'product_id']) }}
)

select
    source,
    cast(basket_id as {{ dbt.type_string() }}) as order_id,
    cast(product_id as {{ dbt.type_string() }}) as product_id,
    'complete_journey' as system,
    cast(household_id as {{ dbt.type_string() }}) as member_id,
    cast(store_id as {{ dbt.type_string() }}) as store_id,
    transaction_timestamp as ordered_at,
    {{ business_date('transaction_timestamp') }} as ordered_on,
    {{ business_hour('transaction_timestamp') }} as ordered_hour,
    cast(quantity as decimal(18, 3)) as quantity,
    cast(sales_value as decimal(18, 2)) as sales_amount,
    cast(retail_disc as decimal(18, 2)) as loyalty_discount_amount,
    cast(coupon_disc as decimal(18, 2)) as coupon_discount_amount,
    cast(coupon_match_disc as decimal(18, 2)) as coupon_match_amount,
    first_delivered_on
from newest
