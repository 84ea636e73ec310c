{{ config(materialized='view') }}

-- A view: it numbers the lines and renames, the union that reads it is where they are stored.
with transactions as (
    select * from {{ ref('stg_complete_journey__transactions') }}
)

select
    source,
    order_id,
    cast(row_number() over (partition by order_id order by product_id) as integer) as line_number,
    ordered_on,
    product_id,
    quantity,
    cast(sales_amount - coupon_discount_amount as decimal(18, 2)) as net_amount,
    cast(coupon_discount_amount + coupon_match_amount as decimal(18, 2)) as discount_amount,
    cast(null as decimal(18, 2)) as cost_amount
from transactions
