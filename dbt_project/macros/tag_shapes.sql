{# The shape of a subject's rules: for each path, in the order of tag and path number, attribute and comparison of its
   clauses. It is asked of the finished paths while a model is compiled; without them only the bare model can be compiled,
   not run. `only_of`: a relation of conflicts, for the paths of its tags alone. #}
{% macro tag_shapes(paths, subject, only_of=none) %}
    {%- set shapes = [] -%}
    {%- set is_there = execute and load_relation(paths) is not none -%}
    {%- if execute and not is_there and flags.WHICH in ['run', 'build'] -%}
        {%- do exceptions.raise_compiler_error('There is no ' ~ paths ~ ' to take the rules of tags from; build it first.') -%}
    {%- endif -%}
    {%- if is_there -%}
        {%- set slots = range(1, var('most_tag_clauses') + 1) | list -%}
        {%- set question -%}
            select
                {%- for slot in slots %}
                attribute_{{ slot }},
                comparison_{{ slot }},
                {%- endfor %}
                clauses
            from {{ paths }}
            where
                subject = '{{ subject }}'
                {{ 'and ' ~ tag_is_in_conflict(only_of) if only_of }}
            order by tag, path_no
        {%- endset -%}
        {%- for row in run_query(question).rows -%}
            {%- set clauses = [] -%}
            {%- for slot in slots[:row['clauses'] | int] -%}
                {%- do clauses.append([row['attribute_' ~ slot], row['comparison_' ~ slot]]) -%}
            {%- endfor -%}
            {%- do shapes.append(clauses) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(shapes) }}
{% endmacro %}


{% macro tag_is_in_conflict(conflicts) -%}
    (tag in (select over_tag from {{ conflicts }}) or tag in (select weaker.tag from {{ conflicts }} as weaker))
{%- endmacro %}
