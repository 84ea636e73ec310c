{{ config(meta={'dagster': {'ref': {'name': 'aud_planned_touches'}}}) }}

select touches.*
from {{ ref('aud_planned_touches') }} as touches
left join {{ ref('int_contact_channels') }} as contact_points
    on touches.member_key = contact_points.member_key
    and touches.channel = contact_points.channel
where
    not touches.is_sealed
    and contact_points.channel is null
