with orders as (
    select * from {{ ref('fct_order') }}
    where
        is_purchase
        and member_key is not null
),

days as (
    select
        member_key,
        ordered_on as purchased_on,
        count(*) as orders,
        sum(case when is_promo then 1 else 0 end) as promo_orders,
        {{ money_sum('net_amount') }} as net_amount,
        {{ money_sum('coalesce(margin_amount, 0)') }} as known_margin_amount,
        sum(case when margin_amount is null then 1 else 0 end) as unknown_margins,
        {{ money_sum('discount_amount') }} as discount_amount
    from orders
    group by member_key, ordered_on
)

select
    member_key,
    purchased_on,
    lag(purchased_on) over (partition by member_key order by purchased_on) as previous_purchased_on,
    cast(orders as integer) as orders,
    cast(promo_orders as integer) as promo_orders,
    net_amount,
    known_margin_amount,
    cast(unknown_margins as integer) as unknown_margins,
    discount_amount
from days
