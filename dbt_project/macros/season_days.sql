{# Days of a fit's season, as orchestration/core/seasons.py counts them: a year has periods of equal length from one
   Sunday on, and in a period of pace 1.5 three days go by in two. A fit without rows of its own is of the calendar. #}
{% macro season_day_number(day) -%}
    ({{ days_between("cast('" ~ var('season').since ~ "' as date)", day) }} + 1)
{%- endmacro %}


{# The period of the year in which the day after a day lies. #}
{% macro season_period(day) -%}
    {%- set number = season_day_number(day) -%}
    {%- set season = var('season') -%}
    cast(
        ({{ number }} % {{ season.year_days }} - {{ number }} % {{ season.period_days }}) / {{ season.period_days }} as integer
    )
{%- endmacro %}


{# Days of the season that are over by the end of a day; `period` is the row of its period, if the fit has one. #}
{% macro season_day(day, period) -%}
    {%- set number = season_day_number(day) -%}
    {%- set season = var('season') -%}
    (
        {{ number }} - {{ number }} % {{ season.year_days }}
        + coalesce(
            cast({{ period }}.days_before as double),
            {{ number }} % {{ season.year_days }} - {{ number }} % {{ season.period_days }}
        )
        + coalesce(cast({{ period }}.pace as double), 1) * ({{ number }} % {{ season.period_days }})
    )
{%- endmacro %}
