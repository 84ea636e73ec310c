-- The household paid sales_amount less the manufacturer's coupon. The loyalty card's price counts as the price, not as
-- a discount: 84 % of the baskets have it, so it says nothing about who waits for offers. Coupons worth more than the
-- goods (19 baskets, 26.58 dollars in all) count up to the goods' price, so that net_amount is never below 0.
with transactions as (
    select * from {{ ref('stg_complete_journey__transactions') }}
),

baskets as (
    select
        source,
        order_id,
        system,
        member_id,
        store_id,
        ordered_at,
        ordered_on,
        ordered_hour,
        {{ money_sum('sales_amount + coupon_match_amount') }} as gross_amount,
        {{ money_sum('coupon_discount_amount + coupon_match_amount') }} as discount_amount,
        max(case when coupon_discount_amount > 0 or coupon_match_amount > 0 then 1 else 0 end) as coupon_lines
    from transactions
    group by source, order_id, system, member_id, store_id, ordered_at, ordered_on, ordered_hour
)

select
    source,
    order_id,
    system,
    member_id,
    store_id,
    'store' as channel,
    ordered_at,
    ordered_on,
    ordered_hour,
    'completed' as status,
    gross_amount,
    cast(least(discount_amount, gross_amount) as decimal(18, 2)) as discount_amount,
    cast(gross_amount - least(discount_amount, gross_amount) as decimal(18, 2)) as net_amount,
    cast(null as decimal(18, 2)) as cost_amount,
    coupon_lines > 0 as is_campaign
from baskets
