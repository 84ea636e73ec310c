with history as (
    select * from {{ ref('member_history') }}
),

stages as (
    select * from {{ ref('stages') }}
),

silence_tiers as (
    select * from {{ ref('silence_tier_labels') }}
)

select
    history.*,
    stages.label_en as stage_label_en,
    stages.label_zh as stage_label_zh,
    silence_tiers.label_en as silence_tier_label_en,
    silence_tiers.label_zh as silence_tier_label_zh
from history
inner join stages on history.stage = stages.stage
inner join silence_tiers on history.silence_tier = silence_tiers.silence_tier
