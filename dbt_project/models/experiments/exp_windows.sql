-- Three purposes share the way from members to sums: the effect of an experiment, the baseline of one that is planned,
-- and the program against those never contacted. A window is known when its last day is not after the build.
with assignments as (
    select * from {{ ref('exp_assignments__first') }}
    where not is_in_two_arms
),

baseline_dates as (
    {{ baseline_dates() }}
),

matches as (
    select * from {{ ref('aud_decisions__eligible') }}
),

experiments as (
    select * from {{ ref('experiments') }}
),

metrics as (
    select * from {{ ref('experiment_metrics') }}
),

settings as (
    {{ settings('campaign_settings', ['pre_period_days', 'program_metric']) }}
),

holdouts as (
    select * from {{ ref('exp_assignments__holdouts') }}
    where not is_in_two_arms
),

builds as (
    select * from {{ ref('stg_rekindle__builds') }}
),

started as (
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
    inner join baseline_dates
        on matches.campaign = baseline_dates.campaign
        and matches.as_of_date = baseline_dates.as_of_date
    inner join experiments on baseline_dates.experiment = experiments.experiment
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
)

select
    started.purpose,
    started.experiment,
    started.metric,
    started.member_key,
    started.arm,
    started.campaign,
    started.starts_on,
    {{ add_days('started.starts_on', 'started.window_days - 1') }} as ends_on,
    started.window_days,
    {{ add_days('started.starts_on', '-settings.pre_period_days') }} as pre_period_from_on
from started
cross join settings
cross join builds
where {{ add_days('started.starts_on', 'started.window_days - 1') }} <= builds.as_of_date
