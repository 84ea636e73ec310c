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


{# A naive UTC timestamp as the date in a zone. Models of sources whose shops lie elsewhere name the zone; all others
   use `business_date`. #}
{% macro local_date(moment, zone) -%}
    {{ return(adapter.dispatch('local_date')(moment, zone)) }}
{%- endmacro %}

{% macro default__local_date(moment, zone) -%}
    cast(from_utc_timestamp({{ moment }}, '{{ zone }}') as date)
{%- endmacro %}

{% macro duckdb__local_date(moment, zone) -%}
    cast(timezone('{{ zone }}', timezone('UTC', {{ moment }})) as date)
{%- endmacro %}


{# The hour of the day of a naive UTC timestamp in a zone. Midnight to the second, there or in UTC, is how a date that
   came without a time of day arrives: it tells no hour. #}
{% macro local_hour(moment, zone) -%}
    {{ return(adapter.dispatch('local_hour')(moment, zone)) }}
{%- endmacro %}

{% macro default__local_hour(moment, zone) -%}
    {%- set local = "from_utc_timestamp(" ~ moment ~ ", '" ~ zone ~ "')" -%}
    case
        when {{ moment }} <> date_trunc('day', {{ moment }}) and {{ local }} <> date_trunc('day', {{ local }})
            then cast(hour({{ local }}) as integer)
    end
{%- endmacro %}

{% macro duckdb__local_hour(moment, zone) -%}
    {%- set local = "timezone('" ~ zone ~ "', timezone('UTC', " ~ moment ~ "))" -%}
    case
        when {{ moment }} <> date_trunc('day', {{ moment }}) and {{ local }} <> date_trunc('day', {{ local }})
            then cast(extract('hour' from {{ local }}) as integer)
    end
{%- endmacro %}


{# A naive UTC timestamp as the business date, in the project's business time zone. #}
{% macro business_date(moment) -%}
    {{ local_date(moment, var('business_time_zone')) }}
{%- endmacro %}


{# The hour of the day in the project's business time zone. #}
{% macro business_hour(moment) -%}
    {{ local_hour(moment, var('business_time_zone')) }}
{%- endmacro %}


{# The day after the last that can be asked for: an interval that has not ended. #}
{% macro end_of_time() -%}
    cast('9999-12-31' as date)
{%- endmacro %}
