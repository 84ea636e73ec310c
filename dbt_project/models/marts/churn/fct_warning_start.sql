-- Warnings exist on as-of dates only, so episodes live on the weekly grid: the Sundays of the build. One begins with a
-- warning after `quiet_days` without any. Where the Sundays before it do not reach back that far without a gap, it may
-- have begun earlier, and that is said. Nothing else depends on which dates were asked for.
with warnings as (
    select * from {{ ref('member_churn_warning') }}
),

lifecycle as (
    select * from {{ ref('member_lifecycle') }}
),

follow_up as (
    select * from {{ ref('warning_follow_up') }}
),

sundays as (
    select
        as_of_date,
        lag(as_of_date) over (order by as_of_date) as previous_sunday_on
    from (select distinct as_of_date from lifecycle) as as_of_dates
    where {{ week_start(add_days('as_of_date', 1)) }} = {{ add_days('as_of_date', 1) }}
),

runs as (
    select
        as_of_date,
        max(
            case
                when previous_sunday_on = {{ add_days(week_start('as_of_date'), -1) }} then null
                else as_of_date
            end
        ) over (order by as_of_date rows between unbounded preceding and current row) as run_from_on
    from sundays
),

warned as (
    select
        warnings.*,
        runs.run_from_on,
        lag(warnings.as_of_date) over (
            partition by warnings.member_key order by warnings.as_of_date
        ) as previous_warned_on
    from warnings
    inner join runs on warnings.as_of_date = runs.as_of_date
)

select
    warned.member_key,
    warned.as_of_date as started_on,
    warned.churn_level,
    warned.main_signal,
    warned.is_held_out,
    {{ add_days('warned.as_of_date', '-follow_up.quiet_days') }} >= warned.run_from_on as is_start_known
from warned
cross join follow_up
where
    warned.previous_warned_on is null
    or {{ add_days('warned.previous_warned_on', 'follow_up.quiet_days') }} < warned.as_of_date
