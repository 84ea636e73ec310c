{# One branch of the member-day fold: the named measures from one relation, zero for the rest. #}
{% macro member_day_fact(relation, day, measures, given) -%}
    select
        member_key,
        {{ day }} as activity_on
        {%- for measure in measures %},
        {{ given.get(measure, '0') }} as {{ measure }}
        {%- endfor %}
    from {{ relation }}
{%- endmacro %}
