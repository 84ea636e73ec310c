{%- set slots = range(1, var('most_tag_clauses') + 1) | list -%}
-- A path is one group of clauses with one value picked for each `in`: a member or product meets the tag on any path
-- whose every clause holds. A clause is a comparison and its operands, so the values of the rules stay values and never
-- become SQL. An attribute that the catalogue of the subject lacks leaves its clause empty, which no evaluator accepts.
with tags as (
    select * from {{ ref('tags') }}
),

rules as (
    select * from {{ ref('tag_rules') }}
),

catalogue as (
    select * from {{ ref('attributes') }}
),

comparisons as (
    select * from {{ ref('tag_operators') }}
),

clauses as (
    select
        tags.subject,
        rules.tag,
        rules.group_no,
        catalogue.attribute,
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
    inner join tags on rules.tag = tags.tag
    inner join comparisons on rules.operator = comparisons.operator
    left join catalogue
        on tags.subject = catalogue.subject
        and rules.attribute = catalogue.attribute
),

counted as (
    select
        subject,
        tag,
        group_no,
        max(slot) as clauses
    from clauses
    group by subject, tag, group_no
)

select
    counted.subject,
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
