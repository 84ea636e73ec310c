-- Signals as sentences, the weightiest first. Churned members are not warned: for them it is too late.
with fired as (
    select * from {{ ref('fct_churn_signal') }}
),

signals as (
    select * from {{ ref('dim_churn_signal') }}
),

levels as (
    select * from {{ ref('churn_levels') }}
),

lifecycle as (
    select * from {{ ref('member_lifecycle') }}
    where stage not in ('prospect', 'churned')
),

ranked as (
    select
        fired.*,
        levels.level_order,
        signals.signal_order,
        signals.family,
        signals.sentence_en,
        signals.sentence_zh,
        cast(row_number() over (
            partition by fired.member_key, fired.as_of_date
            order by levels.level_order desc, signals.signal_order asc
        ) as integer) as reason_rank
    from fired
    inner join lifecycle
        on fired.member_key = lifecycle.member_key
        and fired.as_of_date = lifecycle.as_of_date
    inner join levels on fired.churn_level = levels.churn_level
    inner join signals on fired.signal = signals.signal
)

select
    ranked.member_key,
    ranked.as_of_date,
    ranked.reason_rank,
    ranked.signal,
    ranked.signal_order,
    ranked.family,
    ranked.churn_level,
    ranked.level_order,
    ranked.step,
    {{ churn_sentence('ranked', 'sentence_en') }} as sentence_en,
    {{ churn_sentence('ranked', 'sentence_zh') }} as sentence_zh,
    ranked.measured_value,
    ranked.expected_value,
    ranked.threshold,
    ranked.evidence_on,
    ranked.is_unsolved
from ranked
