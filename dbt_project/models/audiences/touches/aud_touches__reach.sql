{{ config(materialized='view') }}

-- When campaigns may contact a member on a channel: consent for their purpose, and an address.
with settings as (
    {{ settings('campaign_settings', ['answer_purpose']) }}
),

permissions as (
    select * from {{ ref('fct_contact_permission') }}
    where is_allowed
),

contact_points as (
    select * from {{ ref('fct_contact_point') }}
)

select
    permissions.member_key,
    permissions.channel,
    greatest(permissions.changed_on, contact_points.known_on) as reachable_on,
    permissions.next_on
from permissions
inner join settings on permissions.purpose = settings.answer_purpose
inner join contact_points
    on permissions.member_key = contact_points.member_key
    and permissions.channel = contact_points.channel
    and permissions.next_on > contact_points.known_on
