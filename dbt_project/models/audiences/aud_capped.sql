-- Candidates whose first touch finds no room. The window reaches as far after the touch as before it, so that no window
-- of so many days that holds the touch can hold more than allowed.
with candidates as (
    select * from {{ ref('aud_candidates') }}
),

first_steps as (
    select * from {{ ref('aud_first_steps') }}
),

caps as (
    select * from {{ ref('contact_caps') }}
),

contacts as (
    select * from {{ ref('aud_contacts__running') }}
),

counted as (
    select
        candidates.campaign,
        candidates.campaign_week,
        candidates.member_key,
        caps.channel,
        caps.most_touches
    from candidates
    inner join first_steps on candidates.campaign = first_steps.campaign
    inner join caps
        on candidates.cap_class = caps.cap_class
        and caps.channel in ('all', first_steps.channel)
    inner join contacts
        on candidates.campaign_week = contacts.campaign_week
        and candidates.member_key = contacts.member_key
        and caps.channel in ('all', contacts.channel)
        and contacts.contacted_on
        > {{ add_days('candidates.campaign_week', 'first_steps.day_offset - caps.within_days') }}
        and contacts.contacted_on
        < {{ add_days('candidates.campaign_week', 'first_steps.day_offset + caps.within_days') }}
    group by
        candidates.campaign, candidates.campaign_week, candidates.member_key, caps.channel, caps.most_touches,
        first_steps.channel, first_steps.day_offset
    having count(*) >= caps.most_touches
)

select distinct
    campaign,
    campaign_week,
    member_key
from counted
