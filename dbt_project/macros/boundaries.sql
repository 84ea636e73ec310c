{# Totals are known on the days that readers ask for, and on no other: of each table of totals, how many days before an
   as-of date or a scored day. Facts are cut at these days (boundary_of) and read on them (totals_at); whoever asks for
   another day gets no SQL. #}
{% macro days_asked() -%}
    {%- set windows = var('activity_windows') -%}
    {%- set same_day = 0 -%}
    {%- set asked = {
        'member_totals': {'as_of_dates': [same_day] + windows, 'scored_days': [same_day, 'rfm_window_days']},
        'category_totals': {'scored_days': [same_day, windows | max]},
        'choice_totals': {'as_of_dates': [same_day, windows | max]},
    } -%}
    {{ return(asked) }}
{%- endmacro %}


{# As-of dates or scored days, each with the day that lies so many days before it, on which the totals are known. #}
{% macro days_known(totals, days, back) -%}
    {%- if back not in days_asked()[totals].get(days, []) -%}
        {{ exceptions.raise_compiler_error(
            totals ~ " are not known " ~ back ~ " days before " ~ days ~ "; macros/boundaries.sql has what is asked for"
        ) }}
    {%- endif -%}
    select
        asked.*,
        {{ add_days('asked.as_of_date', '-' ~ ('settings.' ~ back if back is string else back)) }} as known_on
    from (
        {{ scored_days() if days == 'scored_days' else as_of_dates_to_make() }}
    ) as asked
    {%- if back is string %}
    cross join (
        {{ settings('value_settings', ['rfm_window_days']) }}
    ) as settings
    {%- endif %}
{%- endmacro %}


{# The as-of dates that states are made for. #}
{% macro as_of_dates_to_make() -%}
    select as_of_date from {{ ref('dim_as_of_date') }}
    where is_computed
{%- endmacro %}


{# Every day on which the totals are known, once. #}
{% macro boundaries_of_totals(totals) -%}
    {%- set known = [] -%}
    {%- for days, backs in days_asked()[totals].items() -%}
        {%- for back in backs -%}
            {%- do known.append(days_known(totals, days, back)) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for each in known %}
    {{ "union distinct" if not loop.first }}
    select known_on
    from (
        {{ each }}
    ) as known_{{ loop.index }}
    {%- endfor %}
{%- endmacro %}


{# Of each day with facts (`facts`: relation and column of the day, and so on) the first day on or after it on which the
   totals are known. What is later than the last of these has none and is left out. #}
{% macro boundary_of(facts, totals) -%}
    select
        fact_on,
        boundary_on
    from (
        select
            fact_on,
            min(known_on) over (order by fact_on desc rows between unbounded preceding and current row) as boundary_on
        from (
            select
                fact_on,
                max(known_on) as known_on
            from (
                {%- for fact in facts %}
                select distinct
                    {{ fact[1] }} as fact_on,
                    cast(null as date) as known_on
                from {{ fact[0] }}
                union all
                {%- endfor %}
                select
                    known_on as fact_on,
                    known_on
                from (
                    {{ boundaries_of_totals(totals) }}
                ) as boundaries
            ) as days
            where fact_on is not null
            group by fact_on
        ) as each_day
    ) as bounded
    where boundary_on is not null
{%- endmacro %}


{# The totals at each as-of date or scored day, or so many days before: of the relation called like the totals, whose
   rows are valid from `known_on` until the day before `next_known_on`. #}
{% macro totals_at(totals, days, back=0) -%}
    select
        asked_days.as_of_date,
        {{ 'asked_days.is_asked_for,' if days == 'scored_days' }}
        {{ totals }}.*
    from (
        {{ days_known(totals, days, back) }}
    ) as asked_days
    inner join {{ totals }}
        on asked_days.known_on >= {{ totals }}.known_on
        and asked_days.known_on < {{ totals }}.next_known_on
{%- endmacro %}
