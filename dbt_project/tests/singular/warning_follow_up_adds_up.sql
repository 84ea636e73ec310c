{{ config(meta={'dagster': {'ref': {'name': 'fct_warning_follow_up'}}}) }}

-- Every episode whose beginning is known and whose window is over is counted once, with its money, and in one group.
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
        count(*) as members,
        sum(net_amount) as net_amount
    from {{ ref('fct_warning_outcome') }}
    group by horizon_days
),

follow_up as (
    select
        horizon_days,
        sum(warned_members) as members,
        sum(net_amount) as net_amount
    from {{ ref('fct_warning_follow_up') }}
    group by horizon_days
)
{% for horizon in var('churn_horizons') %}
select
    {{ horizon }} as horizon_days,
    count(episodes.member_key) as episodes,
    max(outcomes.members) as outcomes,
    max(follow_up.members) as followed
from newest
left join episodes on {{ add_days('episodes.started_on', horizon) }} <= newest.as_of_date
left join outcomes on outcomes.horizon_days = {{ horizon }}
left join follow_up on follow_up.horizon_days = {{ horizon }}
having
    count(episodes.member_key) <> coalesce(max(outcomes.members), 0)
    or coalesce(max(outcomes.members), 0) <> coalesce(max(follow_up.members), 0)
    or coalesce(max(outcomes.net_amount), 0) <> coalesce(max(follow_up.net_amount), 0)
{%- if not loop.last %}
union all
{%- endif %}
{%- endfor %}
