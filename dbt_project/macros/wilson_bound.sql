{# One end of the Wilson interval of a share: `side` is '-' or '+'. The numbers are those of the formula [Wilson 1927]. #}
{% macro wilson_bound(part, whole, deviations, side) -%}
    {%- set part = 'cast(' ~ part ~ ' as double)' -%}
    {%- set whole = 'cast(' ~ whole ~ ' as double)' -%}
    {%- set deviations = 'cast(' ~ deviations ~ ' as double)' -%}
    cast(
        (
            {{ part }} + {{ deviations }} * {{ deviations }} / 2
            {{ side }} {{ deviations }} * sqrt(
                {{ part }} * ({{ whole }} - {{ part }}) / {{ whole }} + {{ deviations }} * {{ deviations }} / 4
            )
        ) / ({{ whole }} + {{ deviations }} * {{ deviations }})
        as decimal(9, 6)
    )
{%- endmacro %}
