{# The rows of a delivered table, each key of a source once: a later delivery of the same key replaces the earlier one.
   Inside one delivery keys are unique already (the loader holds repeats). Only what came after the first delivery is
   looked up, so a long history delivered once costs no more than reading it. #}
{% macro newest_delivered(source_name, table_name, key) -%}
    select delivered.*
    from {{ source(source_name, table_name) }} as delivered
    where not exists (
        select 1
        from {{ source(source_name, table_name) }} as later
        where
            later.delivered_on > (select min(first.delivered_on) from {{ source(source_name, table_name) }} as first)
            and later.delivered_on > delivered.delivered_on
            and later.source = delivered.source
            {%- for column in key %}
            and later.{{ column }} = delivered.{{ column }}
            {%- endfor %}
    )
{%- endmacro %}


{# The same with `first_delivered_on`, the date of the first delivery that held the key. It looks at every row's whole
   past, so it is for the tables that name members, not for long histories of facts. #}
{% macro newest_and_first_delivered(source_name, table_name, key) -%}
    select *
    from (
        select
            *,
            min(delivered_on) over (partition by source, {{ key | join(', ') }}) as first_delivered_on,
            row_number() over (
                partition by source, {{ key | join(', ') }}
                order by delivered_on desc
            ) as delivery_rank
        from {{ source(source_name, table_name) }}
    ) as ranked
    where delivery_rank = 1
{%- endmacro %}
