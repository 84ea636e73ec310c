-- Evidence is silent when none of the tables that feed it was ever delivered with a row, or when nothing it is compared
-- with was ever seen (no message that reports its delivery, no coupon): it cannot speak then, and that says nothing.
with evidence as (
    select * from {{ ref('silence_evidence') }}
),

evidence_sources as (
    select * from {{ ref('silence_evidence_sources') }}
),

causes as (
    select * from {{ ref('silence_causes') }}
),

loads as (
    select * from {{ ref('stg_rekindle__loads') }}
    where rows_loaded > 0
),

seen as (
    select distinct evidence from {{ ref('int_silence__signs') }}
    where is_base
),

fed as (
    select distinct evidence_sources.evidence
    from evidence_sources
    inner join loads
        on evidence_sources.source = loads.contract
        and evidence_sources.table_name = loads.table_name
)

select
    evidence.*,
    causes.is_active,
    fed.evidence is null or (evidence.base_sign is not null and seen.evidence is null) as is_silent
from evidence
inner join causes on evidence.silence_cause = causes.silence_cause
left join fed on evidence.evidence = fed.evidence
left join seen on evidence.evidence = seen.evidence
