{# By experiment the day whose members its baseline is made of: what an experiment could find is estimated from whoever
   matched so long ago that their window is over by now, for what the silent did just before is by definition nothing. #}
{% macro baseline_dates() -%}
    select
        experiments.experiment,
        experiments.campaign,
        max(as_of_dates.as_of_date) as as_of_date
    from {{ ref('experiments') }} as experiments
    cross join {{ ref('stg_rekindle__builds') }} as builds
    inner join {{ ref('dim_as_of_date') }} as as_of_dates
        on {{ add_days('as_of_dates.as_of_date', 'experiments.window_days') }} <= builds.as_of_date
    group by experiments.experiment, experiments.campaign
{%- endmacro %}
