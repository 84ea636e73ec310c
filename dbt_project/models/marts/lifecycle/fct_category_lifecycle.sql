{%- set visit_window = var('activity_windows') | min -%}
-- Touches and visits are the member's in every category group: nobody is contacted by category group.
{% call lifecycle_state() %}
select
    category_as_of.*,
    category_as_of.category_group as lifecycle_scope,
    activity.visits_{{ visit_window }}d,
    activity.intent_actions_{{ visit_window }}d,
    activity.competitor_searches_{{ visit_window }}d,
    activity.touches_since_active,
    activity.unanswered_touches
from {{ ref('int_member_category_as_of') }} as category_as_of
inner join {{ ref('member_activity') }} as activity
    on category_as_of.member_key = activity.member_key
    and category_as_of.as_of_date = activity.as_of_date
{% endcall %}
