{%- set of_products = ['category', 'brand', 'pack_size'] -%}
{%- set in_order = 'partition by member_key, preference, choice order by known_on' -%}
{%- set so_far = '(' ~ in_order ~ ' rows between unbounded preceding and current row)' -%}
-- What is chosen again and again: the part of the day of an order; category, brand and pack of each of its lines.
with orders as (
    select * from {{ ref('fct_order') }}
    where
        is_purchase
        and member_key is not null
),

order_items as (
    select * from {{ ref('fct_order_item') }}
    where
        is_purchase
        and member_key is not null
),

products as (
    select * from {{ ref('dim_product') }}
),

dayparts as (
    select * from {{ ref('dayparts') }}
),

bought as (
    select
        order_items.member_key,
        order_items.ordered_on,
        order_items.net_amount,
        {{ 'products.' ~ of_products | join(',
        products.') }}
    from order_items
    inner join products
        on order_items.source = products.source
        and order_items.product_id = products.product_id
),

choices as (
    select
        orders.member_key,
        'daypart' as preference,
        dayparts.daypart as choice,
        orders.ordered_on as chosen_on,
        orders.net_amount
    from orders
    inner join dayparts on {{ is_within_hours('orders.ordered_hour', 'dayparts') }}
    {%- for column in of_products %}
    union all
    select
        member_key,
        '{{ column }}' as preference,
        {{ column }} as choice,
        ordered_on as chosen_on,
        net_amount
    from bought
    where {{ column }} is not null
    {%- endfor %}
),

boundaries as (
    {{ boundary_of([('orders', 'ordered_on'), ('order_items', 'ordered_on')], 'choice_totals') }}
),

cut as (
    select
        choices.member_key,
        choices.preference,
        choices.choice,
        boundaries.boundary_on as known_on,
        count(*) as choices,
        sum(choices.net_amount) as net_amount
    from choices
    inner join boundaries on choices.chosen_on = boundaries.fact_on
    group by choices.member_key, choices.preference, choices.choice, boundaries.boundary_on
)

select
    member_key,
    preference,
    choice,
    known_on,
    cast(sum(choices) over {{ so_far }} as bigint) as choices,
    cast(sum(net_amount) over {{ so_far }} as decimal(18, 2)) as net_amount,
    coalesce(lead(known_on) over ({{ in_order }}), {{ end_of_time() }}) as next_known_on
from cut
