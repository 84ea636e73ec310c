{# A member's facts of a window as one number: their sum, or 1 where there is any. Nothing done is 0. #}
{% macro folded(total, folded_by) -%}
    cast(
        case when {{ folded_by }} = 'any' then case when {{ total }} > 0 then 1 else 0 end else coalesce({{ total }}, 0) end
        as decimal(18, 4)
    )
{%- endmacro %}
