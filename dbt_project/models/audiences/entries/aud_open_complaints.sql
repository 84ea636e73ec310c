-- Who waits for an answer to a complaint, and since when. One that nobody closed bars its member from campaigns only up
-- to an age: past it, it is forgotten rather than open, and somebody should look.
with as_of_dates as (
    select * from {{ ref('dim_as_of_date') }}
    where is_computed
),

tickets as (
    select * from {{ ref('fct_ticket') }}
    where kind = 'complaint'
),

members as (
    select * from {{ ref('dim_member') }}
),

settings as (
    {{ settings('campaign_settings', ['open_complaint_days']) }}
)

select
    tickets.source,
    tickets.ticket_key,
    tickets.ticket_id,
    as_of_dates.as_of_date,
    tickets.member_key,
    tickets.opened_on,
    {{ days_between('tickets.opened_on', 'as_of_dates.as_of_date') }} as open_days,
    coalesce(tickets.store_id, members.home_store_id) as store_id,
    tickets.topic,
    {{ days_between('tickets.opened_on', 'as_of_dates.as_of_date') }} <= settings.open_complaint_days
        as is_barring
from as_of_dates
cross join settings
inner join tickets
    on as_of_dates.as_of_date >= tickets.opened_on
    and as_of_dates.as_of_date < coalesce(tickets.resolved_on, {{ end_of_time() }})
inner join members on tickets.member_key = members.member_key
