-- What was done in each window and in the weeks before it.
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
            when facts.metric = metrics.fact and facts.happened_on >= windows.starts_on then facts.amount
            else 0
        end as outcome_value,
        case
            when facts.metric = metrics.fact and facts.happened_on < windows.starts_on then facts.amount
            else 0
        end as pre_period_value,
        case
            when facts.metric = metrics.set_against and facts.happened_on >= windows.starts_on then facts.amount
            else 0
        end as denominator_value
    from windows
    inner join metrics on windows.metric = metrics.metric
    inner join facts
        on windows.member_key = facts.member_key
        and facts.metric in (metrics.fact, metrics.set_against)
        and windows.pre_period_from_on <= facts.happened_on
        and windows.ends_on >= facts.happened_on
    union all
    select
        windows.purpose,
        windows.experiment,
        windows.metric,
        windows.member_key,
        costs.borne_amount as outcome_value,
        0 as pre_period_value,
        costs.cost_amount as denominator_value
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
    cast(sum(outcome_value) as decimal(18, 4)) as outcome_value,
    cast(sum(pre_period_value) as decimal(18, 4)) as pre_period_value,
    cast(sum(denominator_value) as decimal(18, 4)) as denominator_value
from counted
group by purpose, experiment, metric, member_key
