with silence as (
    select * from {{ ref('member_silence') }}
),

cycles as (
    select * from {{ ref('member_cycle') }}
),

tiers as (
    select * from {{ ref('dim_silence_tier') }}
)

select
    silence.*,
    tiers.label_en as silence_tier_label_en,
    tiers.label_zh as silence_tier_label_zh,
    tiers.answer,
    cycles.cycle_days,
    cycles.next_purchase_due_on,
    cycles.overdue_ratio
from silence
inner join cycles
    on silence.member_key = cycles.member_key
    and silence.as_of_date = cycles.as_of_date
inner join tiers on silence.silence_tier = tiers.silence_tier
