-- What was done for the member, and what the member did, from the day after the warning on. Both are facts dated up to
-- the newest as-of date; whether one led to the other cannot be read from them.
with starts as (
    select * from {{ ref('fct_warning_start') }}
),

lifecycle as (
    select * from {{ ref('member_lifecycle') }}
),

contacts as (
    select * from {{ ref('int_member_contacts') }}
),

answers as (
    select * from {{ ref('warning_answers') }}
),

purchase_days as (
    select * from {{ ref('int_purchase_days') }}
),

follow_up as (
    select * from {{ ref('warning_follow_up') }}
),

newest as (
    select max(as_of_date) as as_of_date from lifecycle
),

answered as (
    select
        starts.member_key,
        starts.started_on,
        contacts.contacted_on,
        contacts.contact_kind,
        row_number() over (
            partition by starts.member_key, starts.started_on
            order by contacts.contacted_on asc, answers.answer_order asc
        ) as answer_rank
    from starts
    cross join follow_up
    cross join newest
    inner join contacts
        on starts.member_key = contacts.member_key
        and starts.started_on < contacts.contacted_on
        and {{ add_days('starts.started_on', 'follow_up.answer_days') }} >= contacts.contacted_on
        and newest.as_of_date >= contacts.contacted_on
    inner join answers on contacts.contact_kind = answers.answer
)

select
    starts.*,
    answered.contacted_on as answered_on,
    answered.contact_kind as answer,
    purchase_days.purchased_on as returned_on,
    cast({{ days_between('starts.started_on', 'purchase_days.purchased_on') }} as integer) as days_to_return
from starts
inner join lifecycle
    on starts.member_key = lifecycle.member_key
    and starts.started_on = lifecycle.as_of_date
cross join newest
left join answered
    on starts.member_key = answered.member_key
    and starts.started_on = answered.started_on
    and answered.answer_rank = 1
left join purchase_days
    on starts.member_key = purchase_days.member_key
    and {{ add_days('lifecycle.as_of_date', '-lifecycle.days_since_purchase') }} = purchase_days.previous_purchased_on
    and newest.as_of_date >= purchase_days.purchased_on
