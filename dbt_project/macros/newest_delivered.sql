{# The rows of a delivered table that count, each key once: a later delivery of the same key replaces the earlier
   one, and a later delivery of the whole table deletes what it has not, unless rows of it are in quarantine.
   `keeps` is a condition on rows that stay all the same. Inside one delivery keys are unique already (the loader
   holds repeats). Only what came after the first delivery is looked up, so a long history delivered once costs no
   more than reading it. #}
{% macro newest_delivered(source_name, table_name, key, keeps=none) -%}
    select delivered.*
    from {{ source(source_name, table_name) }} as delivered
    where
        not exists (
            select 1
            from {{ source(source_name, table_name) }} as later
            where
                later.delivered_on > (
                    select min(first.delivered_on) from {{ source(source_name, table_name) }} as first
                )
                and later.delivered_on > delivered.delivered_on
                and later.source = delivered.source
                {%- for column in key %}
                and {{ key_part('later', column) }} = {{ key_part('delivered', column) }}
                {%- endfor %}
        )
        and (
            not {{ is_deleted(table_name, 'delivered') }}
            {%- if keeps %}
            or {{ keeps }}
            {%- endif %}
        )
{%- endmacro %}


{# The same for all keys, those that were deleted too, with `first_delivered_on`, the date of the first delivery
   that held the key, and `is_deleted`. It looks at every row's whole past, so it is for the tables that name
   members, not for long histories of facts. #}
{% macro newest_and_first_delivered(source_name, table_name, key) -%}
    select
        *,
        {{ is_deleted(table_name, 'ranked') }} as is_deleted
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


{# Whether a row lies before a delivery that is the whole table of its source. #}
{% macro is_deleted(table_name, delivered) -%}
    exists (
        select 1
        from {{ source('rekindle', 'loads') }} as loads
        where
            loads.table_name = '{{ table_name }}'
            and loads.covers = 'whole'
            and loads.rows_quarantined = 0
            and loads.source = {{ delivered }}.source
            and loads.delivered_on > {{ delivered }}.delivered_on
    )
{%- endmacro %}


{# A part of a key in a comparison: rows without a system have a numbering of their own. #}
{% macro key_part(relation, column) -%}
    {{ "coalesce(" ~ relation ~ ".system, '')" if column == 'system' else relation ~ '.' ~ column }}
{%- endmacro %}


{# Key of what a system of a source gave a number: a whole number that stands for the three. Rows without a system
   have a numbering of their own. #}
{% macro id_key(number, system='system') -%}
    {{ text_key("source || ':' || coalesce(" ~ system ~ ", '') || ':' || " ~ number) }}
{%- endmacro %}
