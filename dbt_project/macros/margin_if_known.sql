{# The margin up to a date, or since an earlier one: empty as soon as one purchase or refund in it has an unknown margin,
   for a sum over the known ones alone would look like a poor margin. Both relations carry running totals. #}
{% macro margin_if_known(totals, earlier=none) -%}
    {%- if earlier is none -%}
    case when {{ totals }}.unknown_margins = 0 then {{ totals }}.known_margin_amount end
    {%- else -%}
    case
        when {{ totals }}.unknown_margins = coalesce({{ earlier }}.unknown_margins, 0)
            then {{ money(totals ~ '.known_margin_amount - coalesce(' ~ earlier ~ '.known_margin_amount, 0)') }}
    end
    {%- endif -%}
{%- endmacro %}
