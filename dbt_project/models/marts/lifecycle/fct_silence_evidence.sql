-- How strongly each evidence speaks: nothing up to one value, all its weight from another on, evenly in between. What
-- fell is compared with the member's own earlier share, drawn towards everybody's where there is little of it, with one
-- case more on both sides: nothing where hardly one was to be expected says little. A negative weight speaks against.
with starts as (
    select * from {{ ref('member_silence_start') }}
),

trace as (
    select * from {{ ref('fct_silence_trace') }}
),

evidence as (
    select * from {{ ref('dim_silence_evidence') }}
    where
        is_active
        and not is_silent
),

settings as (
    select * from {{ ref('silence_cause_settings') }}
),

traced as (
    select
        starts.*,
        trace.evidence_order,
        trace.hits,
        trace.cases,
        trace.highest,
        trace.earlier_hits,
        trace.earlier_cases,
        trace.hit_on,
        trace.case_on,
        cast(sum(trace.earlier_hits) over (partition by starts.as_of_date, trace.evidence_order) as double)
        / nullif(sum(trace.earlier_cases) over (partition by starts.as_of_date, trace.evidence_order), 0) as usual_share
    from starts
    inner join trace
        on starts.member_key = trace.member_key
        and starts.quiet_since_on = trace.quiet_since_on
        and starts.as_of_date >= trace.known_on
        and starts.as_of_date < trace.next_on
),

expected as (
    select
        traced.*,
        traced.cases * (settings.prior_cases * traced.usual_share + traced.earlier_hits)
        / (settings.prior_cases + traced.earlier_cases) as usual_hits
    from traced
    cross join settings
),

measured as (
    {%- for kind, (relation, measured, expected, compared, enough, evidence_on) in {
        'count': ('expected', 'hits', 'null', 'hits', 'hits', 'hit_on'),
        'highest': ('expected', 'highest', 'null', 'highest', 'hits', 'hit_on'),
        'share': ('expected', 'hits', 'cases', 'cast(hits as double) / nullif(cases, 0)', 'cases', 'hit_on'),
        'missing': (
            'expected', 'cases - hits', 'cases', '1 - cast(hits as double) / nullif(cases, 0)', 'cases',
            'case_on'
        ),
        'fall': (
            'expected', 'hits', 'usual_hits', '1 - (hits + 1) / (usual_hits + 1)', 'usual_hits', 'case_on'
        ),
        'cycle': ('starts', 'days_since_purchase', 'cycle_days', 'overdue_ratio', '1', 'quiet_since_on'),
        'constant': ('starts', 'days_silent', 'null', '1', '1', 'quiet_since_on'),
    }.items() %}
    select
        member_key,
        as_of_date,
        {{ 'evidence_order' if relation == 'expected' else 'null' }} as evidence_order,
        '{{ kind }}' as measure_kind,
        {{ measured }} as measured,
        {{ expected }} as expected,
        {{ compared }} as compared,
        {{ enough }} as enough,
        {{ evidence_on }} as evidence_on
    from {{ relation }}
    {{ "union all" if not loop.last }}
    {%- endfor %}
),

weighed as (
    select
        measured.*,
        evidence.evidence,
        evidence.silence_cause,
        evidence.weight * least(greatest(
            (measured.compared - evidence.zero_weight_value)
            / (evidence.full_weight_value - evidence.zero_weight_value), 0
        ), 1) as score
    from measured
    inner join evidence
        on measured.measure_kind = evidence.measure_kind
        and coalesce(measured.evidence_order, evidence.evidence_order) = evidence.evidence_order
        and measured.enough >= evidence.minimum_cases
)

select
    member_key,
    as_of_date,
    evidence,
    silence_cause,
    cast(measured as decimal(9, 2)) as measured_value,
    cast(expected as decimal(9, 2)) as expected_value,
    cast(compared as decimal(12, 6)) as compared_value,
    cast(score as decimal(9, 3)) as score,
    evidence_on
from weighed
where cast(score as decimal(9, 3)) <> 0
