{{ config(meta={'dagster': {'ref': {'name': 'aud_planned_touches'}}}) }}

with limits as (
    {{ settings('campaign_settings', ['answer_purpose']) }}
)

select touches.*
from {{ ref('aud_planned_touches') }} as touches
inner join {{ ref('aud_weeks__decided') }} as decided on touches.campaign_week = decided.campaign_week
cross join limits
left join {{ ref('fct_contact_permission') }} as permissions
    on touches.member_key = permissions.member_key
    and touches.channel = permissions.channel
    and limits.answer_purpose = permissions.purpose
    and decided.as_of_date >= permissions.changed_on
    and decided.as_of_date < permissions.next_on
where
    not touches.is_sealed
    and not coalesce(permissions.is_allowed, false)
