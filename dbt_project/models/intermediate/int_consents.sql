-- A grant counts for the member who gave it; a withdrawal for everyone who is reached under the same address.
with consents as (
    select * from {{ ref('stg_chain__consents') }}
),

member_records as (
    select * from {{ ref('int_member_records') }}
),

contact_points as (
    select * from {{ ref('int_contact_points') }}
),

events as (
    select
        member_records.record_key,
        member_records.member_key,
        consents.channel,
        consents.purpose,
        consents.is_granted,
        consents.happened_at,
        consents.happened_on
    from consents
    inner join member_records
        on consents.source = member_records.source
        and consents.system = member_records.system
        and consents.member_id = member_records.member_id
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
    on events.record_key = withdrawn.record_key
    and events.channel = withdrawn.channel
inner join contact_points as sharing
    on withdrawn.channel = sharing.channel
    and withdrawn.contact_point = sharing.contact_point
where not events.is_granted
