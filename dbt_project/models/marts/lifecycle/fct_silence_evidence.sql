{#- How each kind of evidence is measured: what is shown, what it is compared with, what its limits apply to, how many
    cases that are, and its last day. -#}
{%- set hit_share = 'cast(totals.hits as double) / nullif(totals.cases, 0)' -%}
{%- set usual = 'totals.usual_hits' -%}
{%- set kinds = {
    'count': ('totals.hits', 'null', 'totals.hits', 'totals.hits', 'totals.hit_on'),
    'highest': ('totals.highest', 'null', 'totals.highest', 'totals.hits', 'totals.hit_on'),
    'share': ('totals.hits', 'totals.cases', hit_share, 'totals.cases', 'totals.hit_on'),
    'missing': ('totals.cases - totals.hits', 'totals.cases', '1 - ' ~ hit_share, 'totals.cases', 'totals.case_on'),
    'fall': ('totals.hits', usual, '1 - (totals.hits + 1) / (' ~ usual ~ ' + 1)', usual, 'totals.case_on'),
    'cycle': ('starts.days_since_purchase', 'starts.cycle_days', 'starts.overdue_ratio', '1', 'starts.quiet_since_on'),
    'constant': ('starts.days_silent', 'null', '1', '1', 'starts.quiet_since_on'),
} -%}
-- How strongly each evidence speaks: nothing up to one value, all its weight from another on, evenly in between. What
-- fell is compared with the member's own earlier share, drawn towards everybody's where there is little of it, with one
-- case more on both sides: nothing where hardly one was to be expected says little. A negative weight speaks against.
with lifecycle as (
    select * from {{ ref('member_lifecycle') }}
    where stage in ('silent', 'churned')
),

cycles as (
    select * from {{ ref('member_cycle') }}
),

signs as (
    select * from {{ ref('int_silence__signs') }}
),

rules as (
    select * from {{ ref('dim_silence_evidence') }}
    where
        is_active
        and not is_silent
),

settings as (
    {{ settings('lifecycle_settings', ['prior_cases']) }}
),

starts as (
    select
        lifecycle.*,
        cycles.cycle_days,
        cycles.overdue_ratio,
        cycles.quiet_since_on
    from lifecycle
    inner join cycles
        on lifecycle.member_key = cycles.member_key
        and lifecycle.as_of_date = cycles.as_of_date
),

placed as (
    select
        starts.as_of_date,
        signs.*,
        {{ days_between('starts.quiet_since_on', 'signs.happened_on') }} >= rules.from_days as is_within
    from starts
    inner join signs
        on starts.member_key = signs.member_key
        and starts.as_of_date >= signs.happened_on
    inner join rules
        on signs.evidence = rules.evidence
        and coalesce({{ days_between('starts.quiet_since_on', 'signs.happened_on') }} <= rules.to_days, true)
),

counted as (
    select
        member_key,
        as_of_date,
        evidence,
        sum(case when is_within and not is_base then amount else 0 end) as hits,
        sum(case when is_within and is_base then amount else 0 end) as cases,
        sum(case when not is_within and not is_base then amount else 0 end) as earlier_hits,
        sum(case when not is_within and is_base then amount else 0 end) as earlier_cases,
        max(case when is_within and not is_base then amount end) as highest,
        max(case when is_within and not is_base then happened_on end) as hit_on,
        max(case when is_within and is_base then happened_on end) as case_on
    from placed
    group by member_key, as_of_date, evidence
),

totals as (
    select
        counted.*,
        counted.cases * (
            settings.prior_cases
            * cast(sum(counted.earlier_hits) over (partition by counted.as_of_date, counted.evidence) as double)
            / nullif(sum(counted.earlier_cases) over (partition by counted.as_of_date, counted.evidence), 0)
            + counted.earlier_hits
        ) / (settings.prior_cases + counted.earlier_cases) as usual_hits
    from counted
    cross join settings
),

measured as (
    select
        starts.member_key,
        starts.as_of_date,
        {%- for column in ['measured', 'expected', 'compared', 'enough', 'evidence_on'] %}
        {%- set place = loop.index0 %}
        case rules.measure_kind
            {%- for kind, places in kinds.items() %}
            when '{{ kind }}' then {{ places[place] }}
            {%- endfor %}
        end as {{ column }},
        {%- endfor %}
        rules.*
    from starts
    cross join rules
    left join totals
        on starts.member_key = totals.member_key
        and starts.as_of_date = totals.as_of_date
        and rules.evidence = totals.evidence
),

weighed as (
    select
        member_key,
        as_of_date,
        evidence,
        silence_cause,
        cast(measured as decimal(9, 2)) as measured_value,
        cast(expected as decimal(9, 2)) as expected_value,
        cast(compared as decimal(12, 6)) as compared_value,
        cast(weight * least(greatest(
            (compared - zero_weight_value) / (full_weight_value - zero_weight_value), 0
        ), 1) as decimal(9, 3)) as score,
        evidence_on
    from measured
    where enough >= minimum_cases
)

select *
from weighed
where score <> 0
