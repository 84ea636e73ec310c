{# The days RFM is scored on, each once: as-of dates, and whole weeks before them, for what a member was scored some weeks
   before must not depend on which days were asked for. A move starts from a cell that is held as well, so its first week
   lies the length of the longest span further back. #}
{% macro scored_days() -%}
    select
        as_of_date,
        max(case when is_asked_for then 1 else 0 end) = 1 as is_asked_for
    from (
        {%- for week in range(var('rfm_weeks_back') + var('rfm_longest_span')) %}
        select
            {{ weeks_before('as_of_date', week) }} as as_of_date,
            {{ 'true' if week == 0 else 'false' }} as is_asked_for
        from ({{ as_of_dates_to_make() }}) as as_of_dates
        {{- "
        union all" if not loop.last }}
        {%- endfor %}
    ) as weeks
    group by as_of_date
{%- endmacro %}
