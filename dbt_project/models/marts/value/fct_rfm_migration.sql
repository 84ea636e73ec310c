-- From one week to the next. Members who were not scored a week before come from `none`; members who were and no longer
-- are, because their last purchase has left the window, go to `none` with the amount they had.
with cells as (
    select * from {{ ref('fct_rfm_cell') }}
),

as_of_dates as (
    select as_of_date
    from {{ ref('int_scored_days') }}
    where is_asked_for
),

moves as (
    select
        as_of_date,
        coalesce(previous_cell, 'none') as from_cell,
        named_cell as to_cell,
        net_amount
    from cells
    where is_asked_for
    union all
    select
        as_of_dates.as_of_date,
        week_before.named_cell as from_cell,
        'none' as to_cell,
        week_before.net_amount
    from as_of_dates
    inner join cells as week_before on {{ weeks_before('as_of_dates.as_of_date', 1) }} = week_before.as_of_date
    left join cells as still_there
        on as_of_dates.as_of_date = still_there.as_of_date
        and week_before.member_key = still_there.member_key
    where still_there.member_key is null
)

select
    as_of_date,
    from_cell,
    to_cell,
    count(*) as members,
    {{ money_sum('net_amount') }} as net_amount
from moves
group by as_of_date, from_cell, to_cell
