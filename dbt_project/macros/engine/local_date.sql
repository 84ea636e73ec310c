{# A naive UTC timestamp as the date in a zone of its own: for a source whose shops lie outside the project's
   business time zone. Everywhere else `business_date` is the macro to use. #}
{% macro local_date(moment, zone) -%}
    {{ return(adapter.dispatch('local_date')(moment, zone)) }}
{%- endmacro %}

{% macro default__local_date(moment, zone) -%}
    cast(from_utc_timestamp({{ moment }}, '{{ zone }}') as date)
{%- endmacro %}

{% macro duckdb__local_date(moment, zone) -%}
    cast(timezone('{{ zone }}', timezone('UTC', {{ moment }})) as date)
{%- endmacro %}
