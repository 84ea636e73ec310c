-- A grant counts for the member who gave it; a withdrawal for everyone who is reached under the same contact point.
with events as (
    select * from {{ ref('int_consent_events') }}
),

contact_points as (
    select * from {{ ref('int_contact_points') }}
)

select
    member_key,
    channel,
    purpose,
    is_granted,
    happened_at,
    happened_on
from events
union
select
    sharing.member_key,
    events.channel,
    events.purpose,
    events.is_granted,
    events.happened_at,
    events.happened_on
from events
inner join contact_points as withdrawn
    on events.member_key = withdrawn.member_key
    and events.channel = withdrawn.channel
inner join contact_points as sharing
    on withdrawn.channel = sharing.channel
    and withdrawn.contact_point = sharing.contact_point
where not events.is_granted
