{# The rest of a query that has `holders`, `paths` (with valid_from and valid_to) and `conflicts`: who holds which tag.
   `key` names a row of holders, `attributes` are those of their catalogue. One evaluator for members and
   products: every holder meets every path in one pass over the attributes. #}
{% macro tags_held(key, attributes) -%}
met as (
    select distinct
        {%- for column in key %}
        holders.{{ column }},
        {%- endfor %}
        paths.tag
    from holders
    inner join paths on {{ path_is_met(attributes, 'paths') }}
),

gave_way as (
    select distinct
        {%- for column in key %}
        met.{{ column }},
        {%- endfor %}
        met.tag
    from met
    inner join conflicts on met.tag = conflicts.over_tag
    inner join met as stronger
        on conflicts.tag = stronger.tag
        {%- for column in key %}
        and met.{{ column }} = stronger.{{ column }}
        {%- endfor %}
)

select
    {%- for column in key %}
    met.{{ column }},
    {%- endfor %}
    met.tag
from met
left join gave_way
    on met.tag = gave_way.tag
    {%- for column in key %}
    and met.{{ column }} = gave_way.{{ column }}
    {%- endfor %}
where gave_way.tag is null
{%- endmacro %}

