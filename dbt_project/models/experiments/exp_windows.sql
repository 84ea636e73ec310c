-- Whose outcome is known: the last day of the window is not after the build.
with subjects as (
    select * from {{ ref('exp_subjects') }}
),

settings as (
    select * from {{ ref('experiment_settings') }}
),

builds as (
    select * from {{ ref('stg_rekindle__builds') }}
)

select
    subjects.purpose,
    subjects.experiment,
    subjects.metric,
    subjects.member_key,
    subjects.arm,
    subjects.campaign,
    subjects.starts_on,
    {{ add_days('subjects.starts_on', 'subjects.window_days - 1') }} as ends_on,
    subjects.window_days,
    {{ add_days('subjects.starts_on', '-settings.pre_period_days') }} as pre_period_from_on
from subjects
cross join settings
cross join builds
where {{ add_days('subjects.starts_on', 'subjects.window_days - 1') }} <= builds.as_of_date
