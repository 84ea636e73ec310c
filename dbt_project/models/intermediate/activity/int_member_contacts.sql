{{ config(materialized='view') }}

-- What was done for members, in one shape: messages and calls sent, follow-ups by a person, tickets solved.
with touches as (
    select * from {{ ref('fct_touch') }}
),

tickets as (
    select * from {{ ref('fct_ticket') }}
)

select
    member_key,
    channel as contact_kind,
    sent_on as contacted_on
from touches
where sent_on is not null
union
select
    member_key,
    'follow_up' as contact_kind,
    followed_up_on as contacted_on
from touches
where followed_up_on is not null
union
select
    member_key,
    'ticket' as contact_kind,
    resolved_on as contacted_on
from tickets
where resolved_on is not null
