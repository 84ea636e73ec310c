{{ config(meta={'dagster': {'ref': {'name': 'aud_planned_touches'}}}) }}

select touches.*
from {{ ref('aud_planned_touches') }} as touches
inner join {{ ref('aud_weeks__decided') }} as weeks on touches.campaign_week = weeks.campaign_week
inner join {{ ref('aud_journeys') }} as journeys
    on touches.campaign = journeys.campaign
    and touches.entry_week = journeys.entry_week
    and touches.member_key = journeys.member_key
    and weeks.as_of_date = journeys.as_of_date
where not touches.is_sealed and journeys.exit_reason is not null
