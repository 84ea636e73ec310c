{%- set window = var('activity_windows') | max -%}
{%- set states = {
    'lifecycle': 'member_lifecycle', 'cycles': 'member_cycle', 'rfm': 'member_rfm',
    'value_tiers': 'member_value_tier', 'interactions': 'int_member_interactions',
    'causes': 'member_silence_cause', 'sleep_pool': 'member_sleep_pool',
    'preferences': 'member_preference',
} -%}
-- The attributes that rules of tags may use, as seeds/tags/attributes.csv lists them.
with activity as (
    select * from {{ ref('member_activity') }}
),

members as (
    select * from {{ ref('dim_member') }}
),

{%- for alias, model in states.items() %}

{{ alias }} as (
    select * from {{ ref(model) }}
),
{%- endfor %}

refunds as (
    select
        activity.member_key,
        activity.as_of_date,
        count(*) as refunds
    from activity
    inner join {{ ref('fct_refund') }} as fct_refund
        on activity.member_key = fct_refund.member_key
        and activity.as_of_date >= fct_refund.refunded_on
        and {{ add_days('activity.as_of_date', '-' ~ window) }} < fct_refund.refunded_on
    group by activity.member_key, activity.as_of_date
)

select
    activity.member_key,
    activity.as_of_date,
    members.region,
    members.acquisition_channel,
    members.device,
    members.member_level,
    members.language,
    -- Somebody who bought before registering has no tenure yet.
    case
        when members.registered_on <= activity.as_of_date
            then {{ days_between('members.registered_on', 'activity.as_of_date') }}
    end as tenure_days,
    members.systems,
    lifecycle.stage,
    lifecycle.is_high_intent,
    lifecycle.silence_tier,
    causes.silence_cause,
    sleep_pool.member_key is not null as is_in_sleep_pool,
    activity.days_silent,
    activity.days_since_purchase,
    lifecycle.days_since_first_purchase,
    {{ days_between('lifecycle.reactivated_on', 'activity.as_of_date') }} as days_since_reactivation,
    rfm.recency_score,
    rfm.frequency_score,
    activity.purchase_days_365d,
    activity.orders_90d,
    activity.interactions_30d,
    activity.interactions_90d,
    activity.visits_30d,
    activity.touches_30d,
    activity.unanswered_touches,
    interactions.preferred_interaction,
    activity.category_group,
    preferences.preferred_category,
    preferences.preferred_brand,
    preferences.usual_pack_size,
    preferences.preferred_daypart,
    cycles.cycle_band,
    cycles.cycle_days,
    cycles.overdue_ratio,
    {{ share('activity.promo_orders_365d', 'activity.orders_365d') }} as promo_order_share,
    -- Refunds of older orders can make the net amount negative.
    {{ share('discount_amount_365d', 'discount_amount_365d + greatest(net_amount_365d, 0)') }} as discount_share,
    activity.intent_actions_30d,
    activity.competitor_searches_30d,
    value_tiers.value_tier,
    activity.net_amount_365d,
    {{ money('activity.net_amount_365d / nullif(activity.orders_365d, 0)') }} as average_order_amount,
    rfm.monetary_score,
    rfm.margin_score,
    rfm.rfm_total_score,
    activity.negative_events_365d,
    coalesce(refunds.refunds, 0) as refunds_365d
from activity
left join members on activity.member_key = members.member_key
{%- for alias in states %}
left join {{ alias }}
    on activity.member_key = {{ alias }}.member_key
    and activity.as_of_date = {{ alias }}.as_of_date
{%- endfor %}
left join refunds
    on activity.member_key = refunds.member_key
    and activity.as_of_date = refunds.as_of_date
