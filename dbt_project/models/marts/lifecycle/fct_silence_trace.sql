{%- set so_far -%}
    (
        partition by member_key, quiet_since_on, evidence_order
        order by known_on
        rows between unbounded preceding and current row
    )
{%- endset -%}
-- Each evidence's signs around the day since which a member is quiet, as running totals from one as-of date to the
-- next: a sign is known on the first date on or after it, and what is known at a date is the last row on or before it.
with starts as (
    select * from {{ ref('member_silence_start') }}
),

signs as (
    select * from {{ ref('int_silence_signs') }}
),

evidence as (
    select * from {{ ref('dim_silence_evidence') }}
    where
        sign is not null
        and is_active
),

episodes as (
    select distinct
        member_key,
        quiet_since_on
    from starts
),

dates as (
    select
        as_of_date,
        lag(as_of_date) over (order by as_of_date) as previous_as_of_date
    from starts
    group by as_of_date
),

placed as (
    select
        episodes.member_key,
        episodes.quiet_since_on,
        evidence.evidence_order,
        dates.as_of_date as known_on,
        signs.happened_on,
        signs.amount,
        signs.sign = evidence.sign as is_sign,
        {{ days_between('episodes.quiet_since_on', 'signs.happened_on') }} >= evidence.from_days as is_within
    from episodes
    inner join signs on episodes.member_key = signs.member_key
    inner join evidence
        on signs.sign in (evidence.sign, evidence.base_sign)
        and coalesce(
            {{ days_between('episodes.quiet_since_on', 'signs.happened_on') }} <= evidence.to_days, true
        )
    inner join dates
        on signs.happened_on <= dates.as_of_date
        and coalesce(signs.happened_on > dates.previous_as_of_date, true)
),

summed as (
    select
        member_key,
        quiet_since_on,
        evidence_order,
        known_on,
        sum(case when is_within and is_sign then amount else 0 end) as hits,
        sum(case when is_within and not is_sign then amount else 0 end) as cases,
        sum(case when is_sign and not is_within then amount else 0 end) as earlier_hits,
        sum(case when not is_within and not is_sign then amount else 0 end) as earlier_cases,
        max(case when is_within and is_sign then amount end) as highest,
        max(case when is_within and is_sign then happened_on end) as hit_on,
        max(case when is_within and not is_sign then happened_on end) as case_on
    from placed
    group by member_key, quiet_since_on, evidence_order, known_on
)

select
    member_key,
    quiet_since_on,
    evidence_order,
    known_on,
    coalesce(
        lead(known_on) over (partition by member_key, quiet_since_on, evidence_order order by known_on),
        {{ end_of_time() }}
    ) as next_on,
    {%- for total in ('hits', 'cases', 'earlier_hits', 'earlier_cases') %}
    cast(sum({{ total }}) over {{ so_far }} as bigint) as {{ total }},
    {%- endfor %}
    cast(max(highest) over {{ so_far }} as bigint) as highest,
    max(hit_on) over {{ so_far }} as hit_on,
    max(case_on) over {{ so_far }} as case_on
from summed
