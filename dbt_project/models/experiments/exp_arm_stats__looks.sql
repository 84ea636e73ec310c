-- A look is due when the window of everybody it reads is over, whether or not a build was made on that day.
with experiments as (
    select * from {{ ref('experiments') }}
),

looks as (
    select * from {{ ref('experiment_looks') }}
),

starts as (
    select
        experiment,
        min(campaign_week) as first_week
    from {{ ref('exp_assignments__first') }}
    group by experiment
),

builds as (
    select * from {{ ref('stg_rekindle__builds') }}
),

dated as (
    select
        looks.experiment,
        looks.look_no,
        looks.after_weeks,
        starts.first_week,
        {{ add_days('starts.first_week', '7 * (looks.after_weeks - 1)') }} as last_entry_week,
        experiments.window_days
    from looks
    inner join experiments on looks.experiment = experiments.experiment
    inner join starts on looks.experiment = starts.experiment
)

select
    dated.experiment,
    dated.look_no,
    dated.after_weeks,
    dated.first_week,
    dated.last_entry_week,
    {{ add_days('dated.last_entry_week', 'dated.window_days - 1') }} as due_on,
    {{ add_days('dated.last_entry_week', 'dated.window_days - 1') }} <= builds.as_of_date as is_reached
from dated
cross join builds
