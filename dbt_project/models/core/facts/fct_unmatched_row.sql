{#- What is delivered and becomes a fact where it finds its partner: the fact, what is missing, the money. -#}
{%- set facts = {
    'order_items': ('fct_order_item', 'order unknown', 'net_amount'),
    'events': ('fct_event', 'member unknown', 0),
    'touches': ('fct_touch', 'member unknown', 0),
    'coupons': ('fct_coupon', 'member unknown', 'face_amount'),
    'tickets': ('fct_ticket', 'member unknown', 0),
} -%}
-- What was delivered and found no partner, by reason. Refunds and consents are asked one by one. Of other tables the
-- rows delivered are counted, less those that became a fact, and only numbers of several systems are looked up.
with refunds as (
    select * from {{ ref('stg_chain__refunds') }}
),

items as (
    select * from {{ ref('stg_chain__order_items') }}
),

consents as (
    select * from {{ ref('stg_chain__consents') }}
),

persons as (
    select * from {{ ref('int_identity__records') }}
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

items_of_shared_numbers as (
    select
        items.source,
        items.net_amount
    from items
    inner join shared_numbers
        on items.source = shared_numbers.source
        and items.order_id = shared_numbers.order_id
    where items.system is null
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
    {%- for table_name, (fact, reason, amount) in facts.items() %}
    {%- for relation, sign in [('stg_chain__' ~ table_name, ''), (fact, '-')] %}
    select
        source,
        '{{ table_name }}' as table_name,
        '{{ reason }}' as reason,
        {{ sign }}count(*) as unmatched_rows,
        {{ sign }}{{ money_sum(amount) }} as amount
    from {{ ref(relation) }}
    group by source
    union all
    {%- endfor %}
    {%- endfor %}
    {%- for reason, sign in [('order unknown', '-'), ('order number of several systems', '')] %}
    select
        source,
        'order_items' as table_name,
        '{{ reason }}' as reason,
        {{ sign }}1 as unmatched_rows,
        {{ sign }}net_amount as amount
    from items_of_shared_numbers
    union all
    {%- endfor %}
    select
        source,
        'consents' as table_name,
        'member unknown' as reason,
        1 as unmatched_rows,
        0 as amount
    from consents
    where not exists (
        select 1
        from persons
        where
            persons.source = consents.source
            and persons.member_id = consents.member_id
            and (persons.system = consents.system or {{ is_withdrawn_by_an_unknown_system() }})
    )
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
-- A source whose facts have no such table among these brings more facts than rows.
having sum(unmatched_rows) > 0
