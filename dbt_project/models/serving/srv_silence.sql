with silence as (
    select * from {{ ref('member_silence') }}
),

cycles as (
    select * from {{ ref('member_cycle') }}
),

tiers as (
    select * from {{ ref('silence_tier_labels') }}
),

member_causes as (
    select * from {{ ref('member_silence_cause') }}
),

causes as (
    select * from {{ ref('dim_silence_cause') }}
),

sleep_pool as (
    select * from {{ ref('member_sleep_pool') }}
)

select
    silence.*,
    tiers.label_en as silence_tier_label_en,
    tiers.label_zh as silence_tier_label_zh,
    tiers.answer,
    cycles.cycle_days,
    cycles.next_purchase_due_on,
    cycles.overdue_ratio,
    member_causes.silence_cause,
    causes.label_en as silence_cause_label_en,
    causes.label_zh as silence_cause_label_zh,
    member_causes.confidence_share,
    member_causes.evidence_en,
    member_causes.evidence_zh,
    member_causes.second_cause,
    causes.strategy_family,
    causes.strategy_label_en,
    causes.strategy_label_zh,
    causes.answer_en as silence_cause_answer_en,
    causes.answer_zh as silence_cause_answer_zh,
    sleep_pool.entered_on as sleep_pool_entered_on,
    sleep_pool.next_touch_on as sleep_pool_next_touch_on
from silence
inner join cycles
    on silence.member_key = cycles.member_key
    and silence.as_of_date = cycles.as_of_date
inner join tiers on silence.silence_tier = tiers.silence_tier
left join member_causes
    on silence.member_key = member_causes.member_key
    and silence.as_of_date = member_causes.as_of_date
left join causes on member_causes.silence_cause = causes.silence_cause
left join sleep_pool
    on silence.member_key = sleep_pool.member_key
    and silence.as_of_date = sleep_pool.as_of_date
