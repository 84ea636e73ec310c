{%- set counts = [
    'purchase_days', 'orders', 'promo_orders', 'unknown_margins', 'interactions', 'visits', 'intent_actions', 'touches',
    'negative_events',
] -%}
{%- set money = ['net_amount', 'known_margin_amount', 'discount_amount'] -%}
{%- set so_far = '(partition by member_key order by activity_on rows between unbounded preceding and current row)' -%}
{%- set before = '(partition by member_key order by activity_on rows between unbounded preceding and 1 preceding)' -%}
-- The fold with running totals: the state of any day is the last row on or before it (activity_on <= day < next_on),
-- and what happened in a window is the difference of two such rows. No reader needs a window over history again.
with days as (
    select
        *,
        case when purchase_days > 0 then activity_on end as purchased_on,
        case when interactions > 0 then activity_on end as interacted_on,
        case when purchase_days > 0 or interactions > 0 then activity_on end as active_on
    from {{ ref('int_member_day_measures') }}
),

totals as (
    select
        member_key,
        activity_on,
        active_on,
        {%- for measure in counts %}
        cast(sum({{ measure }}) over {{ so_far }} as bigint) as {{ measure }},
        {%- endfor %}
        {%- for measure in money %}
        cast(sum({{ measure }}) over {{ so_far }} as decimal(18, 2)) as {{ measure }},
        {%- endfor %}
        min(purchased_on) over {{ so_far }} as first_purchase_on,
        max(purchased_on) over {{ so_far }} as last_purchase_on,
        max(interacted_on) over {{ so_far }} as last_interaction_on,
        max(active_on) over {{ so_far }} as last_active_on,
        max(active_on) over {{ before }} as previous_active_on,
        coalesce(lead(activity_on) over (partition by member_key order by activity_on), {{ end_of_time() }}) as next_on
    from days
)

select
    *,
    -- Touches only grow, so their largest total on an active day is the total on the last one.
    coalesce(max(case when active_on is not null then touches end) over {{ so_far }}, 0) as touches_at_last_active
from totals
