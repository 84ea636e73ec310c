-- Everyone whose window is over has a row, with zeros for those who did nothing.
with windows as (
    select * from {{ ref('exp_windows') }}
),

metrics as (
    select * from {{ ref('experiment_metrics') }}
),

summed as (
    select * from {{ ref('exp_window_sums') }}
)

select
    windows.purpose,
    windows.experiment,
    windows.metric,
    windows.member_key,
    windows.arm,
    windows.starts_on,
    windows.window_days,
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
