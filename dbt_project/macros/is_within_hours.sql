{# Whether an hour lies in a daypart; one that goes past midnight ends at a smaller hour than it began at. #}
{% macro is_within_hours(hour, dayparts) -%}
    case
        when {{ dayparts }}.from_hour < {{ dayparts }}.to_hour
            then {{ hour }} >= {{ dayparts }}.from_hour and {{ hour }} < {{ dayparts }}.to_hour
        else {{ hour }} >= {{ dayparts }}.from_hour or {{ hour }} < {{ dayparts }}.to_hour
    end
{%- endmacro %}
