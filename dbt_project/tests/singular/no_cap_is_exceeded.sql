{{ config(meta={'dagster': {'ref': {'name': 'aud_planned_touches'}}}) }}

-- Whatever window of so many days holds a touch planned now: one that ends on the day of a contact holds the most.
with contacts as (
    select
        campaign_week,
        member_key,
        channel,
        contacted_on
    from {{ ref('aud_touches__contacts') }}
    union all
    select
        campaign_week,
        member_key,
        channel,
        planned_on as contacted_on
    from {{ ref('aud_planned_touches') }}
    where not is_sealed and status = 'planned'
),

planned as (
    select distinct
        touches.campaign_week,
        touches.member_key,
        touches.channel,
        touches.planned_on,
        caps.channel as cap_channel,
        caps.within_days,
        caps.most_touches
    from {{ ref('aud_planned_touches') }} as touches
    inner join {{ ref('campaigns') }} as campaigns on touches.campaign = campaigns.campaign
    inner join {{ ref('contact_caps') }} as caps
        on campaigns.cap_class = caps.cap_class
        and caps.channel in ('all', touches.channel)
    where not touches.is_sealed and touches.status = 'planned'
),

windows as (
    select distinct
        planned.campaign_week,
        planned.member_key,
        planned.cap_channel,
        planned.within_days,
        planned.most_touches,
        contacts.contacted_on as ends_on
    from planned
    inner join contacts
        on planned.campaign_week = contacts.campaign_week
        and planned.member_key = contacts.member_key
        and planned.cap_channel in ('all', contacts.channel)
        and planned.planned_on <= contacts.contacted_on
        and {{ add_days('planned.planned_on', 'planned.within_days') }} > contacts.contacted_on
)

select
    windows.campaign_week,
    windows.member_key,
    windows.cap_channel,
    windows.ends_on
from windows
inner join contacts
    on windows.campaign_week = contacts.campaign_week
    and windows.member_key = contacts.member_key
    and windows.cap_channel in ('all', contacts.channel)
    and windows.ends_on >= contacts.contacted_on
    and {{ add_days('windows.ends_on', '-windows.within_days') }} < contacts.contacted_on
group by
    windows.campaign_week, windows.member_key, windows.cap_channel, windows.ends_on, windows.most_touches
having count(*) > windows.most_touches
