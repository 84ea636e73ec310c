{%- set counts = [
    'purchase_days', 'orders', 'promo_orders', 'unknown_margins', 'interactions', 'visits', 'intent_actions',
    'competitor_searches', 'touches', 'negative_events'] -%}
{%- set money = ['net_amount', 'known_margin_amount', 'discount_amount'] -%}
{%- set in_order = 'partition by member_key order by activity_on' -%}
{%- set so_far = '(' ~ in_order ~ ' rows between unbounded preceding and current row)' -%}
{%- set before = '(' ~ in_order ~ ' rows between unbounded preceding and 1 preceding)' -%}
-- Everything a member did or received, folded to days with running totals: the state of any day is the last row on or
-- before it (activity_on <= day < next_on), and what happened in a window is the difference of two such rows. No reader
-- needs a window over history again.
with member_records as (
    select * from {{ ref('int_identity__members') }}
),

purchase_days as (
    select * from {{ ref('int_purchase_days') }}
),

refunds as (
    select * from {{ ref('fct_refund') }}
),

events as (
    select * from {{ ref('fct_event') }}
),

event_types as (
    select * from {{ ref('event_types') }}
),

touches as (
    select * from {{ ref('fct_touch') }}
),

settings as (
    {{ settings('lifecycle_settings', ['refunded_buyer_counts']) }}
),

tickets as (
    select * from {{ ref('fct_ticket') }}
),

typed_events as (
    select
        events.member_key,
        events.happened_on,
        event_types.is_interaction,
        event_types.is_visit,
        event_types.is_intent,
        events.is_competitor
    from events
    inner join event_types on events.event_type = event_types.event_type
),

-- A refund counts on the day of the refund, so totals up to any day hold only what was known that day. The registration
-- is a day too: from it on the member exists. Who opened a message and clicked it days later was there on both days.
facts as (
    {%- for relation, day, told in [
        ('member_records', 'registered_on', {}),
        ('purchase_days', 'purchased_on', {
            'purchase_days': '1', 'orders': 'orders', 'promo_orders': 'promo_orders', 'net_amount': 'net_amount',
            'known_margin_amount': 'known_margin_amount', 'unknown_margins': 'unknown_margins',
            'discount_amount': 'discount_amount',
        }),
        ('refunds', 'refunded_on', {
            'net_amount': '-refunded_amount', 'known_margin_amount': '-coalesce(refunded_margin_amount, 0)',
            'unknown_margins': 'case when refunded_margin_amount is null and refunded_amount > 0 then 1 else 0 end',
            'negative_events': 'case when is_fault then 1 else 0 end',
        }),
        ('typed_events', 'happened_on', {
            'interactions': 'case when is_interaction then 1 else 0 end',
            'visits': 'case when is_visit then 1 else 0 end',
            'intent_actions': 'case when is_intent then 1 else 0 end',
            'competitor_searches': 'case when is_competitor then 1 else 0 end',
        }),
        ('touches', 'sent_on', {'touches': '1'}),
        ('touches', 'engaged_on', {'interactions': '1'}),
        ('touches', 'case when clicked_on > engaged_on then clicked_on end', {'interactions': '1'}),
        ('tickets', 'opened_on', {'negative_events': 'case when is_negative then 1 else 0 end'}),
    ] %}
    {{ "union all" if not loop.first }}
    select
        {%- for measure in counts + money %}
        {{ told.get(measure, '0') }} as {{ measure }},
        {%- endfor %}
        member_key,
        {{ day }} as activity_on
    from {{ relation }}
    {%- endfor %}
),

days as (
    select
        member_key,
        activity_on,
        {%- for measure in counts + money %}
        {{ money_sum(measure) if measure in money else integer_sum(measure) }} as {{ measure }},
        {%- endfor %}
        case when sum(purchase_days) > 0 then activity_on end as purchased_on,
        case when sum(interactions) > 0 then activity_on end as interacted_on,
        case when sum(purchase_days) > 0 or sum(interactions) > 0 then activity_on end as active_on
    from facts
    where
        member_key is not null
        -- What is dated to the end of time, or not at all, happens on no day.
        and activity_on < {{ end_of_time() }}
    group by member_key, activity_on
),

totals as (
    select
        member_key,
        activity_on,
        purchased_on is not null as has_purchase,
        interacted_on is not null as has_interaction,
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
        coalesce(lead(activity_on) over ({{ in_order }}), {{ end_of_time() }}) as next_on
    from days
)

select
    totals.*,
    totals.purchase_days > 0 and (totals.net_amount > 0 or settings.refunded_buyer_counts) as is_buyer,
    -- Touches only grow, so their largest total on an active day is the total on the last one.
    coalesce(max(case when totals.active_on is not null then totals.touches end) over {{ so_far }}, 0)
        as touches_at_last_active
from totals
cross join settings
