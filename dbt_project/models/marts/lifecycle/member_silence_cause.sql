{%- set strongest_first -%}
    (
        partition by summed.member_key, summed.as_of_date
        order by summed.score desc, causes.cause_order asc
    )
{%- endset -%}
-- A cause's score is the sum of what speaks for it and against, at most one; the strongest evidence is shown. What has
-- the same score stands in the order of seeds/lifecycle/silence_causes.csv. `unknown` competes with a fixed score: a
-- cause that does not reach it does not stand out. Confidence is the lead over the runner-up as a share of the score:
-- one when nothing else speaks, nothing when two speak alike.
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

sentences as (
    select * from {{ ref('silence_evidence') }}
),

summed as (
    select
        member_key,
        as_of_date,
        silence_cause,
        cast(least(sum(score), 1) as decimal(9, 3)) as score
    from evidence
    group by member_key, as_of_date, silence_cause
    having sum(score) > 0
),

ranked as (
    select
        summed.*,
        {%- for place in ['second', 'third'] %}
        lead(summed.silence_cause, {{ loop.index }}) over {{ strongest_first }} as {{ place }}_cause,
        lead(summed.score, {{ loop.index }}) over {{ strongest_first }} as {{ place }}_score,
        {%- endfor %}
        row_number() over {{ strongest_first }} as cause_rank
    from summed
    inner join causes on summed.silence_cause = causes.silence_cause
),

spoken as (
    select
        ranked.*,
        evidence.evidence,
        evidence.measured_value,
        evidence.expected_value,
        evidence.evidence_on,
        sentences.sentence_en,
        sentences.sentence_zh
    from ranked
    inner join evidence
        on ranked.member_key = evidence.member_key
        and ranked.as_of_date = evidence.as_of_date
        and ranked.silence_cause = evidence.silence_cause
    inner join sentences on evidence.evidence = sentences.evidence
    where
        ranked.cause_rank = 1
        and evidence.evidence_rank = 1
)

select
    spoken.member_key,
    spoken.as_of_date,
    spoken.silence_cause,
    spoken.score,
    {{ share('spoken.score - coalesce(spoken.second_score, 0)', 'spoken.score') }} as confidence_share,
    spoken.evidence,
    spoken.measured_value,
    spoken.expected_value,
    spoken.evidence_on,
    {{ churn_sentence('spoken', 'sentence_en') }} as evidence_en,
    {{ churn_sentence('spoken', 'sentence_zh') }} as evidence_zh,
    spoken.second_cause,
    spoken.second_score,
    spoken.third_cause,
    spoken.third_score
from spoken
