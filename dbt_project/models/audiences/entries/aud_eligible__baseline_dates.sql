-- What an experiment could find is estimated from whoever matched so long ago that their window is over by now: what
-- the silent did just before is by definition nothing.
with experiments as (
    select * from {{ ref('experiments') }}
),

as_of_dates as (
    select * from {{ ref('dim_as_of_date') }}
),

builds as (
    select * from {{ ref('stg_rekindle__builds') }}
)

select
    experiments.experiment,
    experiments.campaign,
    max(as_of_dates.as_of_date) as as_of_date
from experiments
cross join builds
inner join as_of_dates on {{ add_days('as_of_dates.as_of_date', 'experiments.window_days') }} <= builds.as_of_date
group by experiments.experiment, experiments.campaign
