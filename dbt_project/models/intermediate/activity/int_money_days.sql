-- A refund counts on the day of the refund, so totals up to any day hold only what was known that day.
with purchase_days as (
    select * from {{ ref('int_purchase_days') }}
),

refunds as (
    select * from {{ ref('fct_refund') }}
    where member_key is not null
),

booked as (
    select
        member_key,
        purchased_on as booked_on,
        1 as purchase_days,
        orders,
        promo_orders,
        net_amount,
        known_margin_amount,
        unknown_margins,
        discount_amount
    from purchase_days
    union all
    select
        member_key,
        refunded_on as booked_on,
        0 as purchase_days,
        0 as orders,
        0 as promo_orders,
        -refunded_amount as net_amount,
        -coalesce(refunded_margin_amount, 0) as known_margin_amount,
        case when refunded_margin_amount is null and refunded_amount > 0 then 1 else 0 end as unknown_margins,
        0 as discount_amount
    from refunds
)

select
    member_key,
    booked_on,
    {%- for count in ['purchase_days', 'orders', 'promo_orders', 'unknown_margins'] %}
    {{ integer_sum(count) }} as {{ count }},
    {%- endfor %}
    {{ money_sum('net_amount') }} as net_amount,
    {{ money_sum('known_margin_amount') }} as known_margin_amount,
    {{ money_sum('discount_amount') }} as discount_amount
from booked
group by member_key, booked_on
