{{ config(meta={'dagster': {'ref': {'name': 'member_activity'}}}) }}

with held as (
    select
        as_of_date,
        sum(net_amount) as net_amount
    from {{ ref('member_activity') }}
    group by as_of_date
),

sold as (
    select
        held.as_of_date,
        sum(orders.net_amount) as net_amount
    from held
    inner join {{ ref('fct_order') }} as orders
        on held.as_of_date >= orders.ordered_on
        and orders.is_purchase
        and orders.member_key is not null
    group by held.as_of_date
),

returned as (
    select
        held.as_of_date,
        sum(refunds.refunded_amount) as net_amount
    from held
    inner join {{ ref('fct_refund') }} as refunds
        on held.as_of_date >= refunds.refunded_on
        and refunds.member_key is not null
    group by held.as_of_date
)

select held.as_of_date
from held
left join sold on held.as_of_date = sold.as_of_date
left join returned on held.as_of_date = returned.as_of_date
where held.net_amount <> coalesce(sold.net_amount, 0) - coalesce(returned.net_amount, 0)
