{# What a member who still buys will do in a time w (in units of the rate's days), given the chance `leave` to leave after
   a purchase and a gamma rate of shape `shape`: the mean number of purchases, and of ordered pairs of them (from which
   the variance follows). With u = w * leave, 1 - exp(-rate * leave * time) averages to 1 - (1 + u)^-shape. For small u
   that is a difference of nearly equal numbers; the first two terms of its series are exact enough there. #}
{% macro expected_purchases(leave, shape, time) -%}
    {%- set left = leave ~ ' * ' ~ time -%}
    {%- set series = shape ~ ' * ' ~ time ~ ' * (1 - (' ~ shape ~ ' + 1) * ' ~ left ~ ' / 2)' -%}
    {%- set closed = '(1 - power(1 + ' ~ left ~ ', -' ~ shape ~ ')) / ' ~ leave -%}
    case when ({{ shape }} + 1) * {{ left }} < 0.001 then {{ series }} else {{ closed }} end
{%- endmacro %}


{% macro expected_pairs(leave, shape, time) -%}
    {%- set left = leave ~ ' * ' ~ time -%}
    {%- set rate_square = shape ~ ' * (' ~ shape ~ ' + 1) * power(' ~ time ~ ', 2)' -%}
    {%- set series = rate_square ~ ' * (1 - (' ~ shape ~ ' + 2) * ' ~ left ~ ' * 2 / 3)' -%}
    {%- set once = 'power(1 + ' ~ left ~ ', -' ~ shape ~ ')' -%}
    {%- set twice = shape ~ ' * ' ~ left ~ ' * power(1 + ' ~ left ~ ', -' ~ shape ~ ' - 1)' -%}
    {%- set closed = '(1 - ' ~ once ~ ' - ' ~ twice ~ ') * 2 / power(' ~ leave ~ ', 2)' -%}
    (1 - {{ leave }}) * case when ({{ shape }} + 1) * {{ left }} < 0.001 then {{ series }} else {{ closed }} end
{%- endmacro %}
