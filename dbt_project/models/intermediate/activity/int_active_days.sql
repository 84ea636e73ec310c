{%- set in_order = 'partition by member_key, lifecycle_scope order by active_on' -%}
{%- set before = '(' ~ in_order ~ ' rows between unbounded preceding and 1 preceding)' -%}
-- Who opened a message and clicked it days later was there on both days. In a category group somebody is active who
-- buys something of it or looks at a product.
with purchase_days as (
    select * from {{ ref('int_purchase_days') }}
),

order_items as (
    select * from {{ ref('fct_order_item') }}
    where
        is_purchase
        and member_key is not null
),

event_types as (
    select * from {{ ref('event_types') }}
    where is_interaction
),

events as (
    select events.*
    from {{ ref('fct_event') }} as events
    inner join event_types on events.event_type = event_types.event_type
),

touches as (
    select * from {{ ref('fct_touch') }}
),

later_clicks as (
    select * from touches
    where clicked_on > engaged_on
),

products as (
    select * from {{ ref('dim_product') }}
),

-- A shop that delivers orders without lines: the whole day belongs to the general group.
days_without_lines as (
    select
        purchase_days.*,
        '{{ var("general_category_group") }}' as category_group
    from purchase_days
    left join order_items
        on purchase_days.member_key = order_items.member_key
        and purchase_days.purchased_on = order_items.ordered_on
    where order_items.member_key is null
),

looked_at as (
    select
        events.member_key,
        products.category_group,
        events.happened_on
    from events
    inner join products
        on events.source = products.source
        and events.product_id = products.product_id
),

facts as (
    {%- for relation, scope, day, is_purchase in [
        ('purchase_days', "'all'", 'purchased_on', true),
        ('events', "'all'", 'happened_on', false),
        ('touches', "'all'", 'engaged_on', false),
        ('later_clicks', "'all'", 'clicked_on', false),
        ('order_items', 'category_group', 'ordered_on', true),
        ('days_without_lines', 'category_group', 'purchased_on', true),
        ('looked_at', 'category_group', 'happened_on', false),
    ] %}
    {{ "union all" if not loop.first }}
    select
        member_key,
        {{ scope }} as lifecycle_scope,
        {{ day }} as active_on,
        {{ 'net_amount' if is_purchase else 0 }} as net_amount,
        {{ 1 if is_purchase else 0 }} as purchases,
        {{ 0 if is_purchase else 1 }} as interactions
    from {{ relation }}
    {%- endfor %}
),

days as (
    select
        member_key,
        lifecycle_scope,
        active_on,
        max(purchases) as purchases,
        max(interactions) as interactions,
        {{ money_sum('net_amount') }} as net_amount
    from facts
    where
        member_key is not null
        -- What is dated to the end of time, or not at all, happens on no day.
        and active_on < {{ end_of_time() }}
    group by member_key, lifecycle_scope, active_on
)

select
    member_key,
    lifecycle_scope,
    active_on,
    purchases = 1 as has_purchase,
    interactions = 1 as has_interaction,
    net_amount,
    lag(active_on) over ({{ in_order }}) as previous_active_on,
    lead(active_on) over ({{ in_order }}) as next_active_on,
    max(case when purchases = 1 then active_on end) over {{ before }} as previous_purchase_on,
    cast(coalesce(sum(purchases) over {{ before }}, 0) as bigint) as purchase_days_before
from days
