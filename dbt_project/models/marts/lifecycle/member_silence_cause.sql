-- `unknown` competes with a fixed score: a cause that does not reach it does not stand out. Confidence is the lead over
-- the runner-up as a share of the score: one when nothing else speaks, nothing when two speak alike.
with scores as (
    select * from {{ ref('fct_silence_cause_score') }}
),

evidence as (
    select * from {{ ref('dim_silence_evidence') }}
),

spoken as (
    select
        scores.*,
        evidence.sentence_en,
        evidence.sentence_zh
    from scores
    inner join evidence on scores.evidence = evidence.evidence
)

select
    spoken.member_key,
    spoken.as_of_date,
    spoken.silence_cause,
    spoken.score,
    {{ share('spoken.score - coalesce(second_scores.score, 0)', 'spoken.score') }} as confidence_share,
    spoken.evidence,
    spoken.measured_value,
    spoken.expected_value,
    spoken.evidence_on,
    {{ churn_sentence('spoken', 'sentence_en') }} as evidence_en,
    {{ churn_sentence('spoken', 'sentence_zh') }} as evidence_zh,
    second_scores.silence_cause as second_cause,
    second_scores.score as second_score,
    third_scores.silence_cause as third_cause,
    third_scores.score as third_score
from spoken
left join scores as second_scores
    on spoken.member_key = second_scores.member_key
    and spoken.as_of_date = second_scores.as_of_date
    and spoken.cause_rank + 1 = second_scores.cause_rank
left join scores as third_scores
    on second_scores.member_key = third_scores.member_key
    and second_scores.as_of_date = third_scores.as_of_date
    and second_scores.cause_rank + 1 = third_scores.cause_rank
where spoken.cause_rank = 1
