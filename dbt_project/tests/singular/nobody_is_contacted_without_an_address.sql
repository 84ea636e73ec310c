{{ config(meta={'dagster': {'ref': {'name': 'aud_planned_touches'}}}) }}

-- First touches alone: what a later step needs is looked at when it falls due.
select touches.*
from {{ ref('aud_planned_touches') }} as touches
inner join {{ ref('aud_first_steps') }} as first_steps
    on touches.campaign = first_steps.campaign
    and touches.channel = first_steps.channel
left join {{ ref('fct_contact_point') }} as contact_points
    on touches.member_key = contact_points.member_key
    and touches.channel = contact_points.channel
where
    not touches.is_sealed
    and touches.step_no = 1
    and contact_points.channel is null
