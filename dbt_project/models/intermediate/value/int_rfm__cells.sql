{%- set measures = ['recency', 'frequency', 'monetary', 'margin'] -%}
{%- set up_to_day -%}
    (
        partition by member_key, day_of_week
        order by as_of_date
        rows between unbounded preceding and current row
    )
{%- endset -%}
-- Scores by the cut points, the cell in which they stand, and the cell that counts, kept from flapping. A cell
-- counts at once when the member was not scored a week before or a score jumped since then, else when it was scored
-- `hold_weeks` weeks running; until then the last one that counted is held. Nothing older than the weeks looked back to
-- is asked, so a day comes out the same whatever else was asked for.
with measured as (
    select * from {{ ref('int_rfm__values') }}
),

cut_points as (
    select * from {{ ref('fct_rfm_cut_point') }}
),

named_cells as (
    select * from {{ ref('rfm_cells') }}
),

rule as (
    {{ settings('value_settings', ['hold_weeks', 'jump_scores']) }}
),

-- Everybody has the lowest score, and one more for each cut that is reached.
scored as (
    select
        measured.member_key,
        measured.as_of_date,
        {{ days_between(week_start('measured.as_of_date'), 'measured.as_of_date') }} as day_of_week,
        {%- for measure in measures %}
        1 + sum(
            case
                when measured.{{ measure }} is null then null
                when cut_points.measure = '{{ measure }}' and measured.{{ measure }} >= cut_points.cut_value then 1
                else 0
            end
        ) as {{ measure }}_score,
        {%- endfor %}
        measured.monetary as net_amount
    from measured
    inner join cut_points
        on measured.as_of_date = cut_points.as_of_date
        and measured.category_group = cut_points.category_group
    group by measured.member_key, measured.as_of_date, measured.monetary
),

placed as (
    select
        scored.*,
        named_cells.named_cell as scored_cell
    from scored
    left join named_cells
        on scored.recency_score between named_cells.recency_from and named_cells.recency_to
        and scored.frequency_score between named_cells.frequency_from and named_cells.frequency_to
        and scored.monetary_score between named_cells.monetary_from and named_cells.monetary_to
),

compared as (
    select
        placed.*,
        rule.hold_weeks,
        week_before.member_key is not null as has_week_before,
        coalesce(placed.scored_cell <> week_before.scored_cell, true) as is_move,
        week_before.member_key is null
        {%- for measure in measures if measure != 'margin' %}
        or abs(placed.{{ measure }}_score - week_before.{{ measure }}_score) >= rule.jump_scores
        {%- endfor %} as is_jump
    from placed
    cross join rule
    left join placed as week_before
        on placed.member_key = week_before.member_key
        and {{ weeks_before('placed.as_of_date', 1) }} = week_before.as_of_date
),

runs as (
    select
        *,
        max(case when is_move then as_of_date end) over {{ up_to_day }} as scored_since_on
    from compared
),

last_counted as (
    select
        *,
        max(
            case
                when is_jump or scored_since_on <= {{ weeks_before('as_of_date', 'hold_weeks - 1') }} then as_of_date
            end
        ) over {{ up_to_day }} as counted_on
    from runs
),

held as (
    select
        last_counted.*,
        coalesce(counted.scored_cell, last_counted.scored_cell) as named_cell
    from last_counted
    left join placed as counted
        on last_counted.member_key = counted.member_key
        and last_counted.counted_on = counted.as_of_date
        and last_counted.counted_on
        >= {{ weeks_before('last_counted.as_of_date', var('rfm_weeks_back') ~ ' - last_counted.hold_weeks') }}
)

select
    member_key,
    as_of_date,
    {%- for measure in measures %}
    cast({{ measure }}_score as integer) as {{ measure }}_score,
    {%- endfor %}
    scored_cell,
    named_cell,
    case
        when has_week_before
            then lag(named_cell) over (partition by member_key, day_of_week order by as_of_date)
    end as previous_cell,
    net_amount
from held
