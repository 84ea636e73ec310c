{%- set in_order = 'partition by member_key, category_group order by activity_on' -%}
{%- set so_far = '(' ~ in_order ~ ' rows between unbounded preceding and current row)' -%}
{%- set before = '(' ~ in_order ~ ' rows between unbounded preceding and 1 preceding)' -%}
-- The same fold per category group: what was bought, and which products were looked at.
with order_items as (
    select * from {{ ref('fct_order_item') }}
    where
        is_purchase
        and member_key is not null
),

purchase_days as (
    select * from {{ ref('int_purchase_days') }}
),

events as (
    select * from {{ ref('fct_event') }}
    where product_id is not null
),

event_types as (
    select * from {{ ref('event_types') }}
    where is_interaction
),

products as (
    select * from {{ ref('dim_product') }}
),

bought as (
    select
        member_key,
        category_group,
        ordered_on as activity_on,
        {{ money_sum('net_amount') }} as net_amount
    from order_items
    group by member_key, category_group, ordered_on
),

-- A shop that delivers orders without lines: the whole day belongs to the general group.
bought_without_lines as (
    select
        purchase_days.member_key,
        '{{ var("general_category_group") }}' as category_group,
        purchase_days.purchased_on as activity_on,
        purchase_days.net_amount
    from purchase_days
    left join bought
        on purchase_days.member_key = bought.member_key
        and purchase_days.purchased_on = bought.activity_on
    where bought.member_key is null
),

looked_at as (
    select distinct
        events.member_key,
        products.category_group,
        events.happened_on as activity_on
    from events
    inner join event_types on events.event_type = event_types.event_type
    inner join products
        on events.source = products.source
        and events.product_id = products.product_id
),

facts as (
    select
        member_key,
        category_group,
        activity_on,
        net_amount,
        1 as purchase_days
    from bought
    union all
    select
        member_key,
        category_group,
        activity_on,
        net_amount,
        1 as purchase_days
    from bought_without_lines
    union all
    select
        member_key,
        category_group,
        activity_on,
        0 as net_amount,
        0 as purchase_days
    from looked_at
),

days as (
    select
        member_key,
        category_group,
        activity_on,
        max(case when purchase_days > 0 then activity_on end) as purchased_on,
        max(purchase_days) as purchase_days,
        sum(net_amount) as net_amount
    from facts
    group by member_key, category_group, activity_on
)

select
    member_key,
    category_group,
    activity_on,
    purchased_on,
    cast(sum(purchase_days) over {{ so_far }} as bigint) as purchase_days,
    cast(sum(net_amount) over {{ so_far }} as decimal(18, 2)) as net_amount,
    min(purchased_on) over {{ so_far }} as first_purchase_on,
    max(purchased_on) over {{ so_far }} as last_purchase_on,
    max(activity_on) over {{ before }} as previous_active_on,
    coalesce(
        lead(activity_on) over ({{ in_order }}), {{ end_of_time() }}
    ) as next_on
from days
