{# CTEs for a query that has `holders`, `tag_paths` and `tags`: `paths` with the place of their bit, and `bits`, a row per
   holder that says which paths are met. One pass over the attributes for all rules, with each clause an expression. #}
{% macro tag_bits(key, shapes) -%}
{%- set width = var('tag_bits') -%}
numbered as (
    select
        tag_paths.*,
        row_number() over (order by tag_paths.tag, tag_paths.path_no) as path_position
    from tag_paths
),

paths as (
    select
        numbered.tag,
        numbered.path_no,
        tags.valid_from,
        coalesce(tags.valid_to, {{ end_of_time() }}) as valid_to,
        cast(floor((numbered.path_position - 1) / {{ width }}) as integer) as path_block,
        cast(power(2, (numbered.path_position - 1) % {{ width }}) as bigint) as path_bit,
        count(*) over (partition by numbered.tag) as paths_of_tag
    from numbered
    inner join tags on numbered.tag = tags.tag
),

operands as (
    select
        {%- for clauses in shapes %}
        {%- set position = loop.index %}
        {%- for _ in clauses %}
        max(case when path_position = {{ position }} then cast(number_{{ loop.index }} as double) end)
            as number_{{ position }}_{{ loop.index }},
        max(case when path_position = {{ position }} then text_{{ loop.index }} end)
            as text_{{ position }}_{{ loop.index }},
        {%- endfor %}
        {%- endfor %}
        count(*) as paths
    from numbered
),

bits as (
    select
        {%- for block in range(tag_blocks(shapes)) %}
        cast(
            0
            {%- for clauses in shapes[block * width:(block + 1) * width] %}
            {%- set position = block * width + loop.index %}
            + case
                when
                    {%- for attribute, comparison in clauses %}
                    {{ 'and ' if not loop.first }}
                    {{- tag_clause(attribute, comparison, position ~ '_' ~ loop.index) }}
                    {%- endfor %}
                    then {{ 2 ** loop.index0 }}
                else 0
            end
            {%- endfor %} as bigint
        ) as bits_{{ block }},
        {%- endfor %}
        holders.{{ key | join(',\n        holders.') }}
    from holders
    cross join operands
)
{%- endmacro %}


{# Numbers that the bits of all paths take. #}
{% macro tag_blocks(shapes) -%}
    {{ return((shapes | length + var('tag_bits') - 1) // var('tag_bits') or 1) }}
{%- endmacro %}


{# Whether a path is met and valid on the holder's date. The dates are compared inside a case: as plain comparisons they
   become what some engines join by, and everybody is sorted by date first. #}
{% macro path_is_met(shapes, paths) -%}
    (
        case {{ paths }}.path_block
            {%- for block in range(tag_blocks(shapes)) %}
            when {{ block }} then bits.bits_{{ block }}
            {%- endfor %}
        end & {{ paths }}.path_bit
    ) <> 0
    and case when bits.as_of_date between {{ paths }}.valid_from and {{ paths }}.valid_to then true else false end
{%- endmacro %}
