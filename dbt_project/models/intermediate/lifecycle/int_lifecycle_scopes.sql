{{ config(materialized='view') }}

{%- set window = var('activity_windows') | max -%}
{%- set visit_window = var('activity_windows') | min -%}
-- The facts a lifecycle stage needs, once for the member as a whole (scope `all`) and once per category group. Touches
-- and visits are the member's in every scope: nobody is contacted by category group.
with activity as (
    select * from {{ ref('member_activity') }}
),

category_as_of as (
    select * from {{ ref('int_member_category_as_of') }}
)

select
    member_key,
    as_of_date,
    'all' as lifecycle_scope,
    category_group,
    purchase_days,
    first_purchase_on,
    last_purchase_on,
    last_active_on,
    purchase_days_{{ window }}d as purchase_days_in_window,
    net_amount_{{ window }}d as net_amount_in_window,
    visits_{{ visit_window }}d as visits_in_window,
    intent_actions_{{ visit_window }}d as intent_actions_in_window,
    touches_since_active,
    unanswered_touches
from activity
union all
select
    category_as_of.member_key,
    category_as_of.as_of_date,
    category_as_of.category_group as lifecycle_scope,
    category_as_of.category_group,
    category_as_of.purchase_days,
    category_as_of.first_purchase_on,
    category_as_of.last_purchase_on,
    category_as_of.last_active_on,
    category_as_of.purchase_days_{{ window }}d as purchase_days_in_window,
    category_as_of.net_amount_{{ window }}d as net_amount_in_window,
    activity.visits_{{ visit_window }}d as visits_in_window,
    activity.intent_actions_{{ visit_window }}d as intent_actions_in_window,
    activity.touches_since_active,
    activity.unanswered_touches
from category_as_of
inner join activity
    on category_as_of.member_key = activity.member_key
    and category_as_of.as_of_date = activity.as_of_date
