{%- set window = var('activity_windows') | max -%}
with lifecycle as (
    select * from {{ ref('member_lifecycle') }}
),

activity as (
    select * from {{ ref('member_activity') }}
),

rfm as (
    select * from {{ ref('member_rfm') }}
),

value_tiers as (
    select * from {{ ref('member_value_tier') }}
),

cycles as (
    select * from {{ ref('member_cycle') }}
),

publication as (
    select * from {{ ref('stg_rekindle__builds') }}
),

members as (
    select * from {{ ref('dim_member') }}
),

stages as (
    select * from {{ ref('stages') }}
),

silence_tiers as (
    select * from {{ ref('silence_tier_labels') }}
),

silence as (
    select * from {{ ref('srv_silence') }}
),

preferences as (
    select * from {{ ref('member_preference') }}
),

dayparts as (
    select * from {{ ref('dayparts') }}
)

select
    lifecycle.member_key,
    lifecycle.as_of_date,
    lifecycle.category_group,
    lifecycle.stage,
    lifecycle.is_high_intent,
    lifecycle.silence_tier,
    lifecycle.days_silent,
    lifecycle.days_since_purchase,
    lifecycle.reactivated_on,
    lifecycle.reactivated_from_stage,
    activity.first_purchase_on,
    activity.last_purchase_on,
    activity.orders_{{ window }}d,
    activity.net_amount_{{ window }}d,
    activity.margin_amount_{{ window }}d,
    rfm.rfm_cell,
    rfm.recency_score,
    rfm.frequency_score,
    rfm.monetary_score,
    rfm.margin_score,
    value_tiers.value_tier,
    cycles.cycle_days,
    cycles.cycle_band,
    cycles.next_purchase_due_on,
    cycles.overdue_ratio,
    stages.label_en as stage_label_en,
    stages.label_zh as stage_label_zh,
    silence_tiers.label_en as silence_tier_label_en,
    silence_tiers.label_zh as silence_tier_label_zh,
    silence.silence_cause,
    silence.silence_cause_label_en,
    silence.silence_cause_label_zh,
    silence.strategy_family,
    silence.sleep_pool_entered_on,
    preferences.preferred_daypart,
    dayparts.label_en as preferred_daypart_label_en,
    dayparts.label_zh as preferred_daypart_label_zh,
    preferences.preferred_category,
    preferences.preferred_brand,
    preferences.usual_pack_size,
    members.registered_on,
    members.region,
    members.city,
    members.home_store_id,
    members.acquisition_channel,
    members.member_level,
    members.language
from lifecycle
inner join publication on lifecycle.as_of_date = publication.as_of_date
inner join members on lifecycle.member_key = members.member_key
inner join stages on lifecycle.stage = stages.stage
inner join silence_tiers on lifecycle.silence_tier = silence_tiers.silence_tier
inner join activity
    on lifecycle.member_key = activity.member_key
    and lifecycle.as_of_date = activity.as_of_date
{%- for state in ['rfm', 'value_tiers', 'cycles', 'silence', 'preferences'] %}
left join {{ state }}
    on lifecycle.member_key = {{ state }}.member_key
    and lifecycle.as_of_date = {{ state }}.as_of_date
{%- endfor %}
left join dayparts on preferences.preferred_daypart = dayparts.daypart
