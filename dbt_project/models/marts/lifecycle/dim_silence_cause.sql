with causes as (
    select * from {{ ref('silence_causes') }}
),

strategies as (
    select * from {{ ref('silence_strategies') }}
),

evidence as (
    select * from {{ ref('dim_silence_evidence') }}
),

heard as (
    select distinct silence_cause
    from evidence
    where not is_silent
)

select
    causes.silence_cause,
    causes.cause_order,
    causes.label_en,
    causes.label_zh,
    causes.strategy_family,
    strategies.label_en as strategy_label_en,
    strategies.label_zh as strategy_label_zh,
    strategies.means_en,
    strategies.means_zh,
    causes.answer_en,
    causes.answer_zh,
    causes.is_active,
    heard.silence_cause is null as is_silent
from causes
inner join strategies on causes.strategy_family = strategies.strategy_family
left join heard on causes.silence_cause = heard.silence_cause
