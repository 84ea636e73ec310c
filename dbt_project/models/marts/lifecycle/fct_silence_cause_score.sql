-- A cause's score is the sum of what speaks for it and against, at most one; the strongest evidence is shown. What has
-- the same score stands in the order of seeds/lifecycle/silence_causes.csv.
with evidence as (
    select
        *,
        row_number() over (
            partition by member_key, as_of_date, silence_cause
            order by score desc, evidence asc
        ) as evidence_rank
    from {{ ref('fct_silence_evidence') }}
),

causes as (
    select * from {{ ref('silence_causes') }}
),

scores as (
    select
        member_key,
        as_of_date,
        silence_cause,
        cast(least(sum(score), 1) as decimal(9, 3)) as score
    from evidence
    group by member_key, as_of_date, silence_cause
    having sum(score) > 0
)

select
    scores.member_key,
    scores.as_of_date,
    scores.silence_cause,
    scores.score,
    cast(row_number() over (
        partition by scores.member_key, scores.as_of_date
        order by scores.score desc, causes.cause_order asc
    ) as integer) as cause_rank,
    evidence.evidence,
    evidence.measured_value,
    evidence.expected_value,
    evidence.evidence_on
from scores
inner join causes on scores.silence_cause = causes.silence_cause
inner join evidence
    on scores.member_key = evidence.member_key
    and scores.as_of_date = evidence.as_of_date
    and scores.silence_cause = evidence.silence_cause
    and evidence.evidence_rank = 1
