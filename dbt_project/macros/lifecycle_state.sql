{# Stage and silence tier of what the caller selects: the member as a whole (scope `all`) or each category group, with
   the totals and windows of member_activity. First match wins, in the order of seeds/lifecycle/stages.csv. The two models
   that call this differ in nothing but the scope. #}
{% macro lifecycle_state() -%}
{%- set window = var('activity_windows') | max -%}
{%- set visit_window = var('activity_windows') | min -%}
with scopes as (
    select
        member_key,
        as_of_date,
        lifecycle_scope,
        category_group,
        purchase_days,
        purchase_days_{{ window }}d,
        net_amount_{{ window }}d,
        visits_{{ visit_window }}d,
        intent_actions_{{ visit_window }}d,
        competitor_searches_{{ visit_window }}d,
        touches_since_active,
        unanswered_touches,
        {{ days_between('first_purchase_on', 'as_of_date') }} as days_since_first_purchase,
        {{ days_between('last_purchase_on', 'as_of_date') }} as days_since_purchase,
        {{ days_between('last_active_on', 'as_of_date') }} as days_silent
    from (
        {{- caller() }}
    ) as facts
),

thresholds as (
    select * from {{ ref('stage_thresholds') }}
),

tiers as (
    select * from {{ ref('silence_tiers') }}
),

tier_labels as (
    select * from {{ ref('silence_tier_labels') }}
),

reactivations as (
    select * from {{ ref('int_silence__returns') }}
),

{#- The highest tier that applies; nobody falls silent before a first purchase. #}

tiered as (
    select
        scopes.member_key,
        scopes.as_of_date,
        scopes.lifecycle_scope,
        max(tier_labels.tier_order) as tier_order
    from scopes
    inner join tiers
        on scopes.category_group = tiers.category_group
        and {{ silence_tier_applies('scopes', 'tiers', 'scopes.purchase_days') }}
    inner join tier_labels on tiers.silence_tier = tier_labels.silence_tier
    where scopes.purchase_days > 0
    group by scopes.member_key, scopes.as_of_date, scopes.lifecycle_scope
),

evaluated as (
    select
        scopes.*,
        coalesce(tiered.tier_order, 0) as silence_tier_order,
        reactivations.reactivated_on,
        reactivations.came_from_stage,
        reactivations.came_from_tier_order,
        {{ days_between('reactivations.reactivated_on', 'scopes.as_of_date') }} as days_since_reactivation,
        thresholds.new_days,
        thresholds.growing_days,
        scopes.purchase_days = 0 as is_prospect,
        coalesce({{ is_churned('scopes', 'thresholds') }}, false) as is_churned,
        (
            scopes.purchase_days_{{ window }}d >= thresholds.stable_purchase_days
            or scopes.net_amount_{{ window }}d >= thresholds.stable_net_amount
        ) as is_frequent_or_valuable,
        (
            scopes.visits_{{ visit_window }}d >= thresholds.high_intent_visits
            or scopes.intent_actions_{{ visit_window }}d > 0
            or scopes.competitor_searches_{{ visit_window }}d > 0
        ) as has_intent
    from scopes
    inner join thresholds on scopes.category_group = thresholds.category_group
    left join tiered
        on scopes.member_key = tiered.member_key
        and scopes.as_of_date = tiered.as_of_date
        and scopes.lifecycle_scope = tiered.lifecycle_scope
    left join reactivations
        on scopes.member_key = reactivations.member_key
        and scopes.lifecycle_scope = reactivations.lifecycle_scope
        and scopes.category_group = reactivations.category_group
        and scopes.as_of_date >= reactivations.reactivated_on
        and scopes.as_of_date < reactivations.next_reactivated_on
),

staged as (
    select
        *,
        case
            when is_prospect then 'prospect'
            when is_churned then 'churned'
            when silence_tier_order > 0 then 'silent'
            when days_since_first_purchase <= new_days then 'new'
            when days_since_first_purchase <= growing_days then 'growing'
            when is_frequent_or_valuable then 'stable'
            when days_since_reactivation <= growing_days then 'growing'
            else 'occasional'
        end as stage
    from evaluated
)

select
    staged.member_key,
    staged.as_of_date,
    staged.lifecycle_scope,
    staged.category_group,
    staged.stage,
    staged.is_prospect and staged.has_intent as is_high_intent,
    staged.stage = 'silent' as is_silent,
    tier_labels.silence_tier,
    staged.days_since_first_purchase,
    staged.days_since_purchase,
    staged.days_silent,
    staged.touches_since_active,
    staged.unanswered_touches,
    staged.reactivated_on,
    staged.came_from_stage as reactivated_from_stage,
    came_from.silence_tier as reactivated_from_tier
from staged
inner join tier_labels on staged.silence_tier_order = tier_labels.tier_order
left join tier_labels as came_from on staged.came_from_tier_order = came_from.tier_order
{%- endmacro %}
