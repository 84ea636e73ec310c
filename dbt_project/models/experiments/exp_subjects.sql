-- Three purposes share the way from members to sums: the effect of an experiment, the baseline of one that is
-- planned, and the program against those never contacted.
with assignments as (
    select * from {{ ref('exp_assignments') }}
),

matches as (
    select
        baseline_dates.experiment,
        matches.*
    from {{ ref('aud_baseline_dates') }} as baseline_dates
    inner join {{ ref('aud_matches') }} as matches
        on baseline_dates.campaign = matches.campaign
        and baseline_dates.as_of_date = matches.as_of_date
),

experiments as (
    select * from {{ ref('experiments') }}
),

metrics as (
    select * from {{ ref('experiment_metrics') }}
),

settings as (
    select * from {{ ref('experiment_settings') }}
),

holdouts as (
    select * from {{ ref('exp_holdouts') }}
)

select
    'effect' as purpose,
    assignments.experiment,
    metrics.metric,
    assignments.member_key,
    assignments.arm,
    assignments.campaign,
    assignments.campaign_week as starts_on,
    case
        when metrics.metric = experiments.primary_metric then experiments.window_days
        else metrics.window_days
    end as window_days
from assignments
inner join experiments on assignments.experiment = experiments.experiment
cross join metrics
union all
-- Those who matched a window ago, over the window since.
select
    'baseline' as purpose,
    experiments.experiment,
    experiments.primary_metric as metric,
    matches.member_key,
    'audience' as arm,
    matches.campaign,
    {{ add_days('matches.as_of_date', 1) }} as starts_on,
    experiments.window_days
from matches
inner join experiments on matches.experiment = experiments.experiment
union all
select
    'program' as purpose,
    holdouts.holdout as experiment,
    settings.program_metric as metric,
    holdouts.member_key,
    holdouts.arm,
    cast(null as {{ dbt.type_string() }}) as campaign,
    holdouts.starts_on,
    cast({{ days_between('holdouts.starts_on', 'holdouts.ends_on') }} + 1 as integer) as window_days
from holdouts
cross join settings
