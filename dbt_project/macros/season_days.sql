{# Days of a fit's season, as orchestration/core/seasons.py counts them: a year is 13 periods of 28 days from one Sunday
   on, and in a period of pace 1.5 three days go by in two. A fit without rows of its own is of the calendar. #}
{% macro season_day_number(day) -%}
    ({{ days_between("cast('1970-01-04' as date)", day) }} + 1)
{%- endmacro %}


{# The period of the year in which the day after a day lies. #}
{% macro season_period(day) -%}
    {%- set number = season_day_number(day) -%}
    cast(({{ number }} % 364 - {{ number }} % 28) / 28 as integer)
{%- endmacro %}


{# Days of the season that are over by the end of a day; `period` is the row of its period, if the fit has one. #}
{% macro season_day(day, period) -%}
    {%- set number = season_day_number(day) -%}
    (
        {{ number }} - {{ number }} % 364
        + coalesce(cast({{ period }}.days_before as double), {{ number }} % 364 - {{ number }} % 28)
        + coalesce(cast({{ period }}.pace as double), 1) * ({{ number }} % 28)
    )
{%- endmacro %}
