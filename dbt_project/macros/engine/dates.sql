{# Date arithmetic. Engines differ in names and argument order; models never spell these out. #}

{% macro days_between(earlier, later) -%}
    {{ return(adapter.dispatch('days_between')(earlier, later)) }}
{%- endmacro %}

{% macro default__days_between(earlier, later) -%}
    date_diff('day', {{ earlier }}, {{ later }})
{%- endmacro %}

{% macro spark__days_between(earlier, later) -%}
    datediff({{ later }}, {{ earlier }})
{%- endmacro %}


{# Negative days go back. #}
{% macro add_days(day, days) -%}
    {{ return(adapter.dispatch('add_days')(day, days)) }}
{%- endmacro %}

{% macro default__add_days(day, days) -%}
    cast(date_add(cast({{ day }} as date), cast({{ days }} as int)) as date)
{%- endmacro %}

{% macro duckdb__add_days(day, days) -%}
    (cast({{ day }} as date) + cast({{ days }} as integer))
{%- endmacro %}


{# The same day of the week, whole weeks earlier. #}
{% macro weeks_before(day, weeks) -%}
    {{ add_days(day, '-7 * (' ~ weeks ~ ')') }}
{%- endmacro %}


{# The Monday of the ISO week. #}
{% macro week_start(day) -%}
    cast(date_trunc('week', {{ day }}) as date)
{%- endmacro %}


{# The day of a loaded time, which is the wall clock of its source (docs/decisions/0037-sources-of-a-home.md). #}
{% macro business_date(moment) -%}
    cast({{ moment }} as date)
{%- endmacro %}


{# Its hour. Midnight to the second is how a date that came without a time of day arrives: it tells no hour. #}
{% macro business_hour(moment) -%}
    case
        when {{ moment }} <> {{ dbt.date_trunc('day', moment) }} then cast(extract(hour from {{ moment }}) as integer)
    end
{%- endmacro %}


{# The day after the last that can be asked for: an interval that has not ended. #}
{% macro end_of_time() -%}
    cast('9999-12-31' as date)
{%- endmacro %}
