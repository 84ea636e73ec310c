with lifecycle as (
    select * from {{ ref('member_lifecycle') }}
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

answers as (
    select * from {{ ref('campaign_answers') }}
),

campaigns as (
    select * from {{ ref('campaigns') }}
),

why_not as (
    select * from {{ ref('why_no_campaign') }}
),

sleep_pool as (
    select * from {{ ref('member_sleep_pool') }}
)

select
    lifecycle.member_key,
    lifecycle.as_of_date,
    lifecycle.category_group,
    lifecycle.silence_tier,
    lifecycle.is_silent,
    lifecycle.days_silent,
    lifecycle.days_since_purchase,
    lifecycle.touches_since_active,
    lifecycle.unanswered_touches,
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
    answers.campaign as answering_campaign,
    campaigns.label_en as answering_campaign_label_en,
    campaigns.label_zh as answering_campaign_label_zh,
    answers.why_not as why_no_campaign,
    why_not.label_en as why_no_campaign_label_en,
    why_not.label_zh as why_no_campaign_label_zh,
    sleep_pool.entered_on as sleep_pool_entered_on,
    sleep_pool.next_touch_on as sleep_pool_next_touch_on
from lifecycle
-- Who has a cycle has bought: a silence begins with a purchase.
inner join cycles
    on lifecycle.member_key = cycles.member_key
    and lifecycle.as_of_date = cycles.as_of_date
inner join tiers on lifecycle.silence_tier = tiers.silence_tier
left join member_causes
    on lifecycle.member_key = member_causes.member_key
    and lifecycle.as_of_date = member_causes.as_of_date
left join causes on member_causes.silence_cause = causes.silence_cause
left join answers
    on lifecycle.stage = answers.stage
    and answers.silence_tier in ('every', lifecycle.silence_tier)
    and answers.silence_cause in (member_causes.silence_cause, 'none')
left join campaigns on answers.campaign = campaigns.campaign
left join why_not on answers.why_not = why_not.why_not
left join sleep_pool
    on lifecycle.member_key = sleep_pool.member_key
    and lifecycle.as_of_date = sleep_pool.as_of_date
