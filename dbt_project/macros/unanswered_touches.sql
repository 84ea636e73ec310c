{# How many of the member's last touches stand unanswered on a day, counted from the newest back, at most two: the
   silence tiers ask for no more. An answer that came later does not count yet. #}
{% macro unanswered_touches(responses, day) -%}
    case
        when {{ responses }}.touch_number is null or {{ responses }}.responded_on <= {{ day }} then 0
        when {{ responses }}.touch_number = 1 or {{ responses }}.previous_responded_on <= {{ day }} then 1
        else 2
    end
{%- endmacro %}
