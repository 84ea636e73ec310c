-- What was delivered and found no partner, by reason. Refunds are asked one by one. Of order lines those that were
-- delivered are compared with those that found their order, and only numbers of several systems are looked up.
with refunds as (
    select * from {{ ref('stg_chain__refunds') }}
),

items as (
    select * from {{ ref('stg_chain__order_items') }}
),

orders as (
    select * from {{ ref('fct_order') }}
),

named_orders as (
    {{ orders_by_reference() }}
),

shared_numbers as (
    select distinct
        source,
        order_id
    from orders
    where order_number_key is null
),

refunds_with_order as (
    select
        refunds.source,
        refunds.system,
        refunds.refunded_on,
        refunds.refunded_amount,
        refunds.refunded_amount - coalesce(counted.refunded_amount, 0) as surplus_amount,
        counted.refund_key is not null as is_counted,
        named_orders.order_key,
        named_orders.status,
        named_orders.ordered_on,
        shared_numbers.order_id is not null and refunds.system is null as is_shared
    from refunds
    left join named_orders on refunds.order_reference_key = named_orders.order_reference_key
    left join {{ ref('fct_refund') }} as counted on refunds.refund_key = counted.refund_key
    left join shared_numbers
        on refunds.source = shared_numbers.source
        and refunds.order_id = shared_numbers.order_id
),

refund_reasons as (
    select
        source,
        'refunds' as table_name,
        case
            when order_key is null and is_shared then 'order number of several systems'
            when order_key is null then 'order unknown'
            when status <> 'completed' then 'order never counted'
            when refunded_on < ordered_on then 'before the order'
            else 'more than was paid'
        end as reason,
        case when is_counted then surplus_amount else refunded_amount end as amount
    from refunds_with_order
    where not is_counted or surplus_amount > 0
),

item_totals as (
    select
        source,
        1 as line_count,
        net_amount as amount,
        'order unknown' as reason
    from items
    union all
    select
        source,
        -1 as line_count,
        -net_amount as amount,
        'order unknown' as reason
    from {{ ref('fct_order_item') }}
    where source in (select items.source from items)
    {%- for reason, sign in [('order unknown', '-'), ('order number of several systems', '')] %}
    union all
    select
        items.source,
        {{ sign }}1 as line_count,
        {{ sign }}items.net_amount as amount,
        '{{ reason }}' as reason
    from items
    inner join shared_numbers
        on items.source = shared_numbers.source
        and items.order_id = shared_numbers.order_id
    where items.system is null
    {%- endfor %}
),

unmatched as (
    select
        source,
        table_name,
        reason,
        1 as unmatched_rows,
        amount
    from refund_reasons
    union all
    select
        source,
        'order_items' as table_name,
        reason,
        line_count as unmatched_rows,
        amount
    from item_totals
    union all
    select
        source,
        'orders' as table_name,
        'member unknown' as reason,
        1 as unmatched_rows,
        net_amount as amount
    from orders
    where is_of_unknown_member
)

select
    source,
    table_name,
    reason,
    {{ integer_sum('unmatched_rows') }} as unmatched_rows,
    {{ money_sum('amount') }} as amount
from unmatched
group by source, table_name, reason
having sum(unmatched_rows) > 0
