{# The rest of a query that has `holders`, `paths` (with valid_from and valid_to) and `conflicts`: who holds which tag.
   `key` names a row of holders, `attributes` are those of their catalogue. One evaluator for members and
   products: every holder meets every path in one pass over the attributes. #}
{% macro tags_held(key, attributes) -%}
met as (
    {{ tags_met(key, attributes) }}
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


{# Who meets which tag, with the first path met; reads `holders` and `paths` as above. #}
{% macro tags_met(key, attributes) -%}
    select
        {%- for column in key %}
        holders.{{ column }},
        {%- endfor %}
        paths.tag,
        min(paths.path_no) as path_no
    from holders
    cross join paths
    where
        holders.as_of_date >= paths.valid_from
        and holders.as_of_date <= paths.valid_to
        {%- for slot in range(1, var('most_tag_clauses') + 1) %}
        and {{ tag_clause(slot, attributes) }}
        {%- endfor %}
    group by
        {%- for column in key %}
        holders.{{ column }},
        {%- endfor %}
        paths.tag
{%- endmacro %}
