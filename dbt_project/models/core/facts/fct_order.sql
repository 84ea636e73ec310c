{%- set order_columns %}
        source,
        order_key,
        order_number_key,
        order_id,
        system,
        member_system,
        member_id,
        store_id,
        channel,
        ordered_on,
        ordered_hour,
        status,
        gross_amount,
        discount_amount,
        net_amount,
        cost_amount,
        is_campaign
{%- endset -%}
with chain_orders as (
    select * from {{ ref('stg_chain__orders') }}
),

transactions as (
    select * from {{ ref('stg_complete_journey__transactions') }}
),

member_records as (
    select * from {{ ref('int_identity__members') }}
),

baskets as (
    select
        source,
        {{ id_key('order_id') }} as order_key,
        order_id,
        system,
        member_id,
        store_id,
        ordered_on,
        ordered_hour,
        {{ money_sum('sales_amount + coupon_match_amount') }} as gross_amount,
        {{ money_sum('coupon_discount_amount + coupon_match_amount') }} as coupon_amount,
        max(case when coupon_discount_amount > 0 or coupon_match_amount > 0 then 1 else 0 end) = 1 as is_campaign
    from transactions
    group by source, order_id, system, member_id, store_id, ordered_on, ordered_hour
),

-- The household paid sales_amount less the manufacturer's coupon. The loyalty card's price counts as the price, not as
-- a discount: 84 % of the baskets have it, so it says nothing about who waits for offers. Coupons worth more than the
-- goods (19 baskets, 26.58 dollars in all) count up to the goods' price, so that net_amount is never below 0.
complete_journey_orders as (
    select
        *,
        {{ id_key('order_id', system='null') }} as order_number_key,
        system as member_system,
        'store' as channel,
        'completed' as status,
        cast(least(coupon_amount, gross_amount) as decimal(18, 2)) as discount_amount,
        cast(gross_amount - least(coupon_amount, gross_amount) as decimal(18, 2)) as net_amount,
        cast(null as decimal(18, 2)) as cost_amount
    from baskets
),

orders as (
    select
        {{- order_columns }}
    from chain_orders
    union all
    select
        {{- order_columns }}
    from complete_journey_orders
),

shared_numbers as (
    select order_number_key
    from orders
    group by order_number_key
    having count(*) > 1
)

-- An order without member stays: an anonymous sale is a sale.
select
    orders.source,
    orders.order_key,
    case when shared_numbers.order_number_key is null then orders.order_number_key end as order_number_key,
    orders.order_id,
    orders.system,
    member_records.member_key,
    orders.store_id,
    orders.channel,
    orders.ordered_on,
    orders.ordered_hour,
    orders.status,
    orders.status = 'completed' and orders.net_amount > 0 as is_purchase,
    orders.is_campaign or orders.discount_amount > 0 as is_promo,
    orders.gross_amount,
    orders.discount_amount,
    orders.net_amount,
    orders.cost_amount,
    orders.member_id is not null and member_records.member_key is null as is_of_unknown_member,
    {{ money('orders.net_amount - orders.cost_amount') }} as margin_amount
from orders
left join shared_numbers on orders.order_number_key = shared_numbers.order_number_key
left join member_records
    on orders.source = member_records.source
    and orders.member_system = member_records.system
    and orders.member_id = member_records.member_id
order by
    {{ dbt.date_trunc('month', 'orders.ordered_on') }},
    member_records.member_key,
    orders.ordered_on,
    orders.order_key
