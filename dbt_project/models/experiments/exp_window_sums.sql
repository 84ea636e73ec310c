-- What was done in each window and in the weeks before it. Letters as in docs/experiments.md.
with windows as (
    select * from {{ ref('exp_windows') }}
),

metrics as (
    select * from {{ ref('experiment_metrics') }}
),

facts as (
    select * from {{ ref('exp_facts') }}
),

costs as (
    select * from {{ ref('exp_costs') }}
),

counted as (
    select
        windows.purpose,
        windows.experiment,
        windows.metric,
        windows.member_key,
        case
            when facts.metric = windows.metric and facts.happened_on >= windows.starts_on then facts.amount
            else 0
        end as y,
        case
            when facts.metric = windows.metric and facts.happened_on < windows.starts_on then facts.amount
            else 0
        end as x,
        case
            when facts.metric = metrics.set_against and facts.happened_on >= windows.starts_on then facts.amount
            else 0
        end as d
    from windows
    inner join metrics on windows.metric = metrics.metric
    inner join facts
        on windows.member_key = facts.member_key
        and facts.metric in (metrics.metric, metrics.set_against)
        and windows.pre_period_from_on <= facts.happened_on
        and windows.ends_on >= facts.happened_on
    union all
    select
        windows.purpose,
        windows.experiment,
        windows.metric,
        windows.member_key,
        costs.borne_amount as y,
        0 as x,
        costs.cost_amount as d
    from windows
    inner join metrics
        on windows.metric = metrics.metric
        and metrics.set_against = 'campaign_cost'
    inner join costs
        on windows.member_key = costs.member_key
        and coalesce(windows.campaign, costs.campaign) = costs.campaign
        and windows.starts_on <= costs.cost_on
        and windows.ends_on >= costs.cost_on
    where windows.purpose <> 'baseline'
)

select
    purpose,
    experiment,
    metric,
    member_key,
    cast(sum(y) as decimal(18, 4)) as y,
    cast(sum(x) as decimal(18, 4)) as x,
    cast(sum(d) as decimal(18, 4)) as d
from counted
group by purpose, experiment, metric, member_key
