with history as (
    select * from {{ ref('srv_member_history') }}
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
    history.*,
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
from history
inner join publication on history.as_of_date = publication.as_of_date
inner join members on history.member_key = members.member_key
inner join stages on history.stage = stages.stage
inner join silence_tiers on history.silence_tier = silence_tiers.silence_tier
left join silence
    on history.member_key = silence.member_key
    and history.as_of_date = silence.as_of_date
left join preferences
    on history.member_key = preferences.member_key
    and history.as_of_date = preferences.as_of_date
left join dayparts on preferences.preferred_daypart = dayparts.daypart
