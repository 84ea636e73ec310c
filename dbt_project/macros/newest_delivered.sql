{# The rows of a delivered table that count, each key once: a later delivery of the same key replaces the earlier
   one, and a later delivery of the whole table deletes what it has not, unless rows of it are in quarantine.
   `keeps` is a condition on rows that stay all the same. Inside one delivery keys are unique already (the loader
   holds repeats). Only what came after the first delivery is looked up, and by joins: a condition on each row's
   own date inside `not exists` makes DuckDB list the keys of all rows first. #}
{% macro newest_delivered(source_name, table_name, key, keeps=none) -%}
    {%- set identified_by = ['source'] + key -%}
    select delivered.*
    from {{ source(source_name, table_name) }} as delivered
    left join (
        select
            {%- for column in identified_by %}
            {{ key_part('later', column) }} as {{ column }},
            {%- endfor %}
            max(later.delivered_on) as delivered_on
        from {{ source(source_name, table_name) }} as later
        where
            later.delivered_on > (
                select min(first.delivered_on) from {{ source(source_name, table_name) }} as first
            )
        group by {% for column in identified_by %}{{ key_part('later', column) }}{{ ', ' if not loop.last }}{% endfor %}
    ) as replacing
        on
        {%- for column in identified_by %}
        {{ 'and ' if not loop.first }}{{ key_part('delivered', column) }} = replacing.{{ column }}
        {%- endfor %}
        and delivered.delivered_on < replacing.delivered_on
    left join ({{ last_wholes(table_name) }}) as wholes on delivered.source = wholes.source
    where
        replacing.source is null
        and (
            not {{ is_deleted('delivered') }}
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
        ranked.*,
        {{ is_deleted('ranked') }} as is_deleted
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
    left join ({{ last_wholes(table_name) }}) as wholes on ranked.source = wholes.source
    where ranked.delivery_rank = 1
{%- endmacro %}


{# The last delivery that was the whole table, by source. #}
{% macro last_wholes(table_name) -%}
    select
        source,
        max(delivered_on) as delivered_on
    from {{ source('rekindle', 'loads') }}
    where
        table_name = '{{ table_name }}'
        and covers = 'whole'
        and rows_quarantined = 0
    group by source
{%- endmacro %}


{# Whether a row lies before it; for a query that has it as `wholes`. #}
{% macro is_deleted(delivered) -%}
    coalesce({{ delivered }}.delivered_on < wholes.delivered_on, false)
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
