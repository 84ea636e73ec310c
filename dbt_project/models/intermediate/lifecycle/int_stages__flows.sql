-- From one as-of date to the next: how many members moved from which stage to which. Members seen for the first time
-- come from nowhere, named `unknown`.
with lifecycle as (
    select
        member_key,
        as_of_date,
        stage
    from {{ ref('member_history') }}
),

steps as (
    select
        as_of_date,
        stage as to_stage,
        lag(as_of_date) over (partition by member_key order by as_of_date) as previous_as_of_date,
        lag(stage) over (partition by member_key order by as_of_date) as from_stage
    from lifecycle
),

first_date as (
    select min(as_of_date) as as_of_date from lifecycle
),

flows as (
    select
        steps.as_of_date,
        steps.previous_as_of_date,
        coalesce(steps.from_stage, 'unknown') as from_stage,
        steps.to_stage,
        count(*) as members
    from steps
    cross join first_date
    where steps.as_of_date > first_date.as_of_date
    group by steps.as_of_date, steps.previous_as_of_date, coalesce(steps.from_stage, 'unknown'), steps.to_stage
)

select
    as_of_date,
    previous_as_of_date,
    from_stage,
    to_stage,
    members,
    {{ share('members', 'sum(members) over (partition by as_of_date, from_stage)') }} as share_of_from_stage
from flows
