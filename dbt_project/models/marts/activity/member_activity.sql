{%- set windows = var('activity_windows') -%}
{%- set purchases = ['purchase_days', 'orders', 'promo_orders'] -%}
{%- set counts = [
    'interactions', 'visits', 'intent_actions', 'competitor_searches', 'touches', 'negative_events',
] -%}
{%- set amounts = ['net_amount', 'discount_amount'] -%}
-- What a window before an as-of date held are the totals at the date less those at the window's start. Who is no buyer,
-- all having been refunded, has no purchases to count.
with member_totals as (
    select * from {{ ref('int_member_totals') }}
),

touch_responses as (
    select * from {{ ref('int_touch_responses') }}
),

main_groups as (
    select
        member_key,
        as_of_date,
        category_group
    from {{ ref('int_member_category_as_of') }}
    where is_main_group
),

at_date as (
    {{ totals_at('member_totals', 'as_of_dates') }}
)
{%- for window in windows %},

before_{{ window }}d as (
    {{ totals_at('member_totals', 'as_of_dates', window) }}
)
{%- endfor %}

select
    at_date.member_key,
    at_date.as_of_date,
    {%- for measure in purchases %}
    case when at_date.is_buyer then at_date.{{ measure }} else 0 end as {{ measure }},
    {%- endfor %}
    {%- for measure in counts + amounts %}
    at_date.{{ measure }},
    {%- endfor %}
    at_date.known_margin_amount,
    at_date.unknown_margins,
    {{ margin_if_known('at_date') }} as margin_amount,
    case when at_date.is_buyer then at_date.first_purchase_on end as first_purchase_on,
    case when at_date.is_buyer then at_date.last_purchase_on end as last_purchase_on,
    at_date.last_interaction_on,
    at_date.last_active_on,
    at_date.touches - at_date.touches_at_last_active as touches_since_active,
    {{ unanswered_touches('touch_responses', 'at_date.as_of_date') }} as unanswered_touches,
    {%- for window in windows %}
    {%- for measure in purchases %}
    case
        when at_date.is_buyer then at_date.{{ measure }} - coalesce(before_{{ window }}d.{{ measure }}, 0)
        else 0
    end as {{ measure }}_{{ window }}d,
    {%- endfor %}
    {%- for measure in counts %}
    at_date.{{ measure }} - coalesce(before_{{ window }}d.{{ measure }}, 0) as {{ measure }}_{{ window }}d,
    {%- endfor %}
    {%- for measure in amounts %}
    {{ money('at_date.' ~ measure ~ ' - coalesce(before_' ~ window ~ 'd.' ~ measure ~ ', 0)') }}
        as {{ measure }}_{{ window }}d,
    {%- endfor %}
    {{ margin_if_known('at_date', 'before_' ~ window ~ 'd') }} as margin_amount_{{ window }}d,
    {%- endfor %}
    coalesce(main_groups.category_group, '{{ var("general_category_group") }}') as category_group,
    case
        when at_date.is_buyer then {{ days_between('at_date.last_purchase_on', 'at_date.as_of_date') }}
    end as days_since_purchase,
    {{ days_between('at_date.last_active_on', 'at_date.as_of_date') }} as days_silent
from at_date
left join touch_responses
    on at_date.member_key = touch_responses.member_key
    and at_date.touches = touch_responses.touch_number
left join main_groups
    on at_date.member_key = main_groups.member_key
    and at_date.as_of_date = main_groups.as_of_date
{%- for window in windows %}
left join before_{{ window }}d
    on at_date.member_key = before_{{ window }}d.member_key
    and at_date.as_of_date = before_{{ window }}d.as_of_date
{%- endfor %}
