{{ config(meta={'dagster': {'ref': {'name': 'aud_planned_touches'}}}) }}

select touches.*
from {{ ref('aud_planned_touches') }} as touches
left join {{ ref('aud_decisions') }} as entries
    on touches.campaign = entries.campaign
    and touches.entry_week = entries.campaign_week
    and touches.member_key = entries.member_key
    and entries.arm_role = 'treatment'
where
    not touches.is_sealed
    and entries.member_key is null
