-- Everyone whose window is over has a row, with zeros for those who did nothing in it and in the weeks before.
with windows as (
    select * from {{ ref('exp_windows') }}
),

metrics as (
    select * from {{ ref('experiment_metrics') }}
),

facts as (
    select * from {{ ref('exp_outcomes__facts') }}
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
),

summed as (
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
)

select
    windows.purpose,
    windows.experiment,
    windows.metric,
    windows.member_key,
    windows.arm,
    windows.starts_on,
    windows.window_days,
    coalesce(summed.outcome_value, 0) as outcome_total,
    {{ folded('summed.outcome_value', 'metrics.folded_by') }} as outcome_value,
    case when metrics.has_pre_period then {{ folded('summed.pre_period_value', 'metrics.folded_by') }} end
        as pre_period_value,
    case when metrics.set_against is not null then {{ folded('summed.denominator_value', "'sum'") }} end
        as denominator_value
from windows
inner join metrics on windows.metric = metrics.metric
left join summed
    on windows.purpose = summed.purpose
    and windows.experiment = summed.experiment
    and windows.metric = summed.metric
    and windows.member_key = summed.member_key
