{# The rest of a query that has `rules`, `catalogue` and `comparisons`: one row per tag, group of clauses and choice of
   values for its `in` clauses, the clauses side by side. One compiler for the tags of members and of products. #}
{% macro tag_paths() -%}
{%- set slots = range(1, var('most_tag_clauses') + 1) | list -%}
clauses as (
    select
        rules.tag,
        rules.group_no,
        rules.attribute,
        case
            when catalogue.data_type in ('integer', 'decimal') then comparisons.number_comparison
            else comparisons.text_comparison
        end as comparison,
        case
            when catalogue.data_type in ('integer', 'decimal') then cast(rules.value as decimal(20, 6))
        end as number_value,
        case
            when catalogue.data_type not in ('integer', 'decimal') then rules.value
        end as text_value,
        dense_rank() over (
            partition by rules.tag, rules.group_no
            order by rules.attribute, rules.operator, case when rules.operator <> 'in' then rules.value end
        ) as slot
    from rules
    inner join catalogue on rules.attribute = catalogue.attribute
    inner join comparisons on rules.operator = comparisons.operator
),

counted as (
    select
        tag,
        group_no,
        max(slot) as clauses
    from clauses
    group by tag, group_no
)

select
    counted.tag,
    cast(row_number() over (
        partition by counted.tag
        order by
            {%- for slot in slots %}
            slot_{{ slot }}.number_value,
            slot_{{ slot }}.text_value,
            {%- endfor %}
            counted.group_no
    ) as integer) as path_no,
    counted.group_no,
    {%- for slot in slots %}
    slot_{{ slot }}.attribute as attribute_{{ slot }},
    slot_{{ slot }}.comparison as comparison_{{ slot }},
    slot_{{ slot }}.number_value as number_{{ slot }},
    slot_{{ slot }}.text_value as text_{{ slot }},
    {%- endfor %}
    cast(counted.clauses as integer) as clauses
from counted
inner join clauses as slot_1
    on counted.tag = slot_1.tag
    and counted.group_no = slot_1.group_no
    and slot_1.slot = 1
{%- for slot in slots[1:] %}
left join clauses as slot_{{ slot }}
    on counted.tag = slot_{{ slot }}.tag
    and counted.group_no = slot_{{ slot }}.group_no
    and slot_{{ slot }}.slot = {{ slot }}
{%- endfor %}
{%- endmacro %}
