{#- What counts as unmatched: table, reason, relation, its money, and - where its rows found their partner. -#}
{%- set counted = [
    ('order_items', 'order unknown', ref('stg_chain__order_items'), 'net_amount', ''),
    ('order_items', 'order unknown', ref('fct_order_item'), 'net_amount', '-'),
    ('order_items', 'order unknown', 'items_of_shared_numbers', 'net_amount', '-'),
    ('order_items', 'order number of several systems', 'items_of_shared_numbers', 'net_amount', ''),
    ('events', 'member unknown', ref('stg_chain__events'), 0, ''),
    ('events', 'member unknown', ref('fct_event'), 0, '-'),
    ('touches', 'member unknown', ref('stg_chain__touches'), 0, ''),
    ('touches', 'member unknown', ref('fct_touch'), 0, '-'),
    ('coupons', 'member unknown', ref('stg_chain__coupons'), 'face_amount', ''),
    ('coupons', 'member unknown', ref('fct_coupon'), 'face_amount', '-'),
    ('tickets', 'member unknown', ref('stg_chain__tickets'), 0, ''),
    ('tickets', 'member unknown', ref('fct_ticket'), 0, '-'),
    ('orders', 'member unknown', 'orders_of_nobody', 'net_amount', ''),
    ('consents', 'member unknown', 'consents_of_nobody', 0, ''),
] -%}
-- What was delivered and found no partner, by reason. Refunds and consents are asked one by one. Of other tables the
-- rows delivered are counted, less those that became a fact, and only numbers of several systems are looked up.
with refunds as (
    select * from {{ ref('stg_chain__refunds') }}
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
        refunds.*,
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
        1 as unmatched_rows,
        case when is_counted then surplus_amount else refunded_amount end as amount
    from refunds_with_order
    where not is_counted or surplus_amount > 0
),

items_of_shared_numbers as (
    select
        items.source,
        items.net_amount
    from {{ ref('stg_chain__order_items') }} as items
    inner join shared_numbers
        on items.source = shared_numbers.source
        and items.order_id = shared_numbers.order_id
    where items.system is null
),

orders_of_nobody as (
    select * from orders
    where is_of_unknown_member
),

consents_of_nobody as (
    select * from {{ ref('stg_chain__consents') }} as consents
    where not exists (
        select 1
        from persons
        where
            persons.source = consents.source
            and persons.member_id = consents.member_id
            and (persons.system = consents.system or {{ is_withdrawn_by_an_unknown_system() }})
    )
),

unmatched as (
    select * from refund_reasons
    {%- for table_name, reason, relation, amount, sign in counted %}
    union all
    select
        source,
        '{{ table_name }}' as table_name,
        '{{ reason }}' as reason,
        {{ sign }}count(*) as unmatched_rows,
        {{ sign }}{{ money_sum(amount) }} as amount
    from {{ relation }}
    group by source
    {%- endfor %}
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
