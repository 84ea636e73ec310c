{{ config(meta={'dagster': {'ref': {'name': 'fct_warning_outcome'}}}) }}

-- Every episode whose beginning is known and whose window is over is counted once.
with newest as (
    select as_of_date from {{ ref('dim_as_of_date') }}
    where is_newest
),

episodes as (
    select * from {{ ref('fct_warning_episode') }}
    where is_start_known
),

outcomes as (
    select
        horizon_days,
        count(*) as members
    from {{ ref('fct_warning_outcome') }}
    group by horizon_days
)
{% for horizon in var('churn_horizons') %}
select
    {{ horizon }} as horizon_days,
    count(episodes.member_key) as episodes,
    max(outcomes.members) as outcomes
from newest
left join episodes on {{ add_days('episodes.started_on', horizon) }} <= newest.as_of_date
left join outcomes on outcomes.horizon_days = {{ horizon }}
having count(episodes.member_key) <> coalesce(max(outcomes.members), 0)
{%- if not loop.last %}
union all
{%- endif %}
{%- endfor %}
