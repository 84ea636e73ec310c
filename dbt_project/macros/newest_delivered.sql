{# The rows of a delivered table, each key once: a later delivery of the same key replaces the earlier one.
   Inside one delivery keys are unique already (the loader holds repeats), so the order is total. #}
{% macro newest_delivered(source_name, table_name, key) -%}
    select *
    from (
        select
            *,
            min(delivered_on) over (partition by {{ key | join(', ') }}) as first_delivered_on,
            row_number() over (
                partition by {{ key | join(', ') }}
                order by delivered_on desc
            ) as delivery_rank
        from {{ source(source_name, table_name) }}
    ) as ranked
    where delivery_rank = 1
{%- endmacro %}
