{%- set counts = ['purchase_days', 'orders', 'promo_orders', 'unknown_margins', 'interactions', 'visits',
    'intent_actions', 'competitor_searches', 'touches', 'negative_events'] -%}
{%- set money = ['net_amount', 'known_margin_amount', 'discount_amount'] -%}
{%- set bounds = {'first_purchase_on': 'min', 'last_purchase_on': 'max', 'last_interaction_on': 'max'} -%}
{%- set bought_on = 'case when told.purchase_days > 0 then told.booked_on end' -%}
{%- set one_if = 'case when told.%s then 1 else 0 end' -%}
{%- set facts = [
    ('member_records', 'registered_on', {}), ('touches', 'sent_on', {'touches': '1'}),
    ('money_days', 'booked_on', {
        'purchase_days': 'told.purchase_days', 'orders': 'told.orders', 'promo_orders': 'told.promo_orders',
        'unknown_margins': 'told.unknown_margins', 'net_amount': 'told.net_amount',
        'known_margin_amount': 'told.known_margin_amount', 'discount_amount': 'told.discount_amount',
        'first_purchase_on': bought_on, 'last_purchase_on': bought_on,
    }),
    ('refunds', 'refunded_on', {'negative_events': one_if % 'is_fault'}),
    ('events', 'happened_on', {
        'interactions': one_if % 'is_interaction', 'visits': one_if % 'is_visit',
        'intent_actions': one_if % 'is_intent', 'competitor_searches': one_if % 'is_competitor',
        'last_interaction_on': 'case when told.is_interaction then told.happened_on end',
    }),
    ('touches', 'engaged_on', {'interactions': '1', 'last_interaction_on': 'told.engaged_on'}),
    ('later_clicks', 'clicked_on', {'interactions': '1', 'last_interaction_on': 'told.clicked_on'}),
    ('tickets', 'opened_on', {'negative_events': one_if % 'is_negative'}),
] -%}
{%- set in_order = 'partition by {0}.member_key order by {0}.known_on' -%}
{%- set so_far = '(' ~ in_order ~ ' rows between unbounded preceding and current row)' -%}
-- Everything a member did or received, cut at the days that states and windows ask for (macros/boundaries.sql): a fact
-- counts from the first of these on that is not before it. The totals at such a day are the newest row up to it
-- (known_on <= day < next_known_on), and what happened in a window is the difference of two of them. One date or many
-- are the same SQL, and nobody needs a window function over a member's days.
with member_records as (
    select * from {{ ref('int_identity__members') }}
),

money_days as (
    select * from {{ ref('int_money_days') }}
),

refunds as (
    select * from {{ ref('fct_refund') }}
),

events as (
    select
        events.*,
        event_types.is_interaction,
        event_types.is_visit,
        event_types.is_intent
    from {{ ref('fct_event') }} as events
    inner join {{ ref('event_types') }} as event_types on events.event_type = event_types.event_type
),

touches as (
    select * from {{ ref('fct_touch') }}
),

-- Who opened a message and clicked it days later was there on both days.
later_clicks as (
    select * from touches
    where clicked_on > engaged_on
),

tickets as (
    select * from {{ ref('fct_ticket') }}
),

settings as (
    {{ settings('lifecycle_settings', ['refunded_buyer_counts']) }}
),

boundaries as (
    {{ boundary_of(facts, 'member_totals') }}
),

-- The registration is a fact, too: from it on the member exists.
facts as (
    {%- for relation, day, measures in facts %}
    {{ "union all" if not loop.first }}
    select
        {%- for measure in counts + money %}
        {{ (money_sum if measure in money else integer_sum)(measures[measure]) if measure in measures else 0 }}
            as {{ measure }},
        {%- endfor %}
        {%- for bound, which in bounds.items() %}
        {{ which ~ '(' ~ measures[bound] ~ ')' if bound in measures else 'cast(null as date)' }} as {{ bound }},
        {%- endfor %}
        told.member_key,
        boundaries.boundary_on as known_on
    from {{ relation }} as told
    inner join boundaries on told.{{ day }} = boundaries.fact_on
    where told.member_key is not null
    group by told.member_key, boundaries.boundary_on
    {%- endfor %}
),

cut as (
    select
        {%- for measure in counts + money %}
        {{ (money_sum if measure in money else integer_sum)(measure) }} as {{ measure }},
        {%- endfor %}
        {%- for bound, which in bounds.items() %}
        {{ which }}({{ bound }}) as {{ bound }},
        {%- endfor %}
        greatest(max(last_purchase_on), max(last_interaction_on)) as last_active_on,
        member_key,
        known_on
    from facts
    group by member_key, known_on
),

-- By days first: a join of each touch with its member's boundaries would make all pairs of them.
sent_days as (
    select
        touches.member_key,
        touches.sent_on,
        boundaries.boundary_on as known_on,
        count(*) as touches
    from touches
    inner join boundaries on touches.sent_on = boundaries.fact_on
    group by touches.member_key, touches.sent_on, boundaries.boundary_on
),

-- Touches sent after the last active day up to the same boundary.
sent_since as (
    select
        cut.member_key,
        cut.known_on,
        {{ integer_sum('sent_days.touches') }} as touches
    from cut
    inner join sent_days
        on cut.member_key = sent_days.member_key
        and cut.known_on = sent_days.known_on
        and cut.last_active_on < sent_days.sent_on
    group by cut.member_key, cut.known_on
),

totals as (
    select
        {%- for measure in counts + money %}
        cast(
            sum(cut.{{ measure }}) over {{ so_far.format('cut') }}
            as {{ 'decimal(18, 2)' if measure in money else 'bigint' }}
        ) as {{ measure }},
        {%- endfor %}
        {%- for bound, which in bounds.items() %}
        {{ which }}(cut.{{ bound }}) over {{ so_far.format('cut') }} as {{ bound }},
        {%- endfor %}
        case when cut.last_active_on is not null then coalesce(sent_since.touches, 0) end as touches_since,
        coalesce(lead(cut.known_on) over ({{ in_order.format('cut') }}), {{ end_of_time() }})
            as next_known_on,
        cut.member_key,
        cut.known_on
    from cut
    left join sent_since
        on cut.member_key = sent_since.member_key
        and cut.known_on = sent_since.known_on
)

select
    totals.{{ (counts + money + bounds.keys() | list + ['member_key', 'known_on', 'next_known_on'])
        | join(',\n    totals.') }},
    -- Empty values are passed over, here and on Spark.
    greatest(totals.last_purchase_on, totals.last_interaction_on) as last_active_on,
    totals.purchase_days > 0 and (totals.net_amount > 0 or settings.refunded_buyer_counts) as is_buyer,
    -- Touches only grow, so their largest total on an active day is the total on the last one.
    coalesce(max(totals.touches - totals.touches_since) over {{ so_far.format('totals') }}, 0) as touches_at_last_active
from totals
cross join settings
