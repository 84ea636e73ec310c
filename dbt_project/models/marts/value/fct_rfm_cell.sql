{%- set weekly = 'partition by member_key, day_of_week order by as_of_date' -%}
{%- set by_week = '(' ~ weekly ~ ')' -%}
{%- set up_to_day = '(' ~ weekly ~ ' rows between unbounded preceding and current row)' -%}
{%- set scores = ['recency_score', 'frequency_score', 'monetary_score'] -%}
-- A member's cell, kept from flapping. The cell scored on a day counts at once when the member was not scored a week
-- before or a score jumped since then, else when it was scored `hold_weeks` weeks running; until then the last one that
-- counted is held. Nothing older than the weeks looked back to is asked, so a day comes out the same whatever else was
-- asked for.
with scores as (
    select
        *,
        {{ days_between(week_start('as_of_date'), 'as_of_date') }} as day_of_week
    from {{ ref('fct_rfm_score') }}
),

rule as (
    select * from {{ ref('rfm_cell_rule') }}
),

with_week_before as (
    select
        *,
        {%- for score in scores %}
        lag({{ score }}) over {{ by_week }} as {{ score }}_before,
        {%- endfor %}
        lag(scored_cell) over {{ by_week }} as scored_cell_before,
        coalesce(
            lag(as_of_date) over {{ by_week }} = {{ weeks_before('as_of_date', 1) }}, false
        ) as has_week_before
    from scores
),

compared as (
    select
        with_week_before.*,
        rule.hold_weeks,
        not with_week_before.has_week_before or with_week_before.scored_cell <> with_week_before.scored_cell_before
            as is_move,
        not with_week_before.has_week_before
        {%- for score in scores %}
        or abs(with_week_before.{{ score }} - with_week_before.{{ score }}_before) >= rule.jump_scores
        {%- endfor %} as is_jump
    from with_week_before
    cross join rule
),

runs as (
    select
        *,
        max(case when is_move then as_of_date end) over {{ up_to_day }} as scored_since_on
    from compared
),

counting as (
    select
        *,
        is_jump or scored_since_on <= {{ weeks_before('as_of_date', 'hold_weeks - 1') }} as is_counting
    from runs
),

last_counted as (
    select
        *,
        max(case when is_counting then as_of_date end) over {{ up_to_day }} as counted_on
    from counting
),

held as (
    select
        *,
        case
            when counted_on >= {{ weeks_before('as_of_date', var('rfm_weeks_back') ~ ' - hold_weeks') }}
                -- Of the rows that share the day, only the first counted.
                then max(case when is_counting then scored_cell end) over (
                    partition by member_key, day_of_week, counted_on
                )
            else scored_cell
        end as named_cell
    from last_counted
)

select
    member_key,
    as_of_date,
    is_asked_for,
    scored_cell,
    named_cell,
    case
        when has_week_before
            then lag(named_cell) over {{ by_week }}
    end as previous_cell,
    net_amount
from held
