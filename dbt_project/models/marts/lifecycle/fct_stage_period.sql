-- Runs of the same stage over consecutive as-of dates. A period ends the day before the next as-of date on which the
-- stage is another, so periods neither overlap nor leave gaps between the first and the last as-of date asked for.
with lifecycle as (
    select
        member_key,
        as_of_date,
        stage
    from {{ ref('member_history') }}
),

compared as (
    select
        member_key,
        as_of_date,
        stage,
        lag(stage) over (partition by member_key order by as_of_date) as previous_stage
    from lifecycle
),

changes as (
    select
        member_key,
        as_of_date as started_on,
        stage,
        previous_stage,
        lead(as_of_date) over (partition by member_key order by as_of_date) as next_started_on
    from compared
    where
        previous_stage is null
        or previous_stage <> stage
),

newest as (
    select * from {{ ref('dim_as_of_date') }}
    where is_newest
)

select
    changes.member_key,
    changes.started_on,
    coalesce({{ add_days('changes.next_started_on', -1) }}, newest.as_of_date) as ended_on,
    changes.stage,
    changes.previous_stage,
    changes.next_started_on is null as is_open,
    {{ days_between(
        'changes.started_on', 'coalesce(changes.next_started_on, ' ~ add_days('newest.as_of_date', 1) ~ ')'
    ) }} as dwell_days
from changes
cross join newest
