-- A grant counts for the member who gave it; a withdrawal for everyone who is reached under the same contact point.
-- Unsubscribing from a message or blocking its sender withdraws marketing, and is the last word of its day.
with consents as (
    select * from {{ ref('stg_chain__consents') }}
),

member_records as (
    select * from {{ ref('int_member_records') }}
),

contact_points as (
    select * from {{ ref('int_contact_points') }}
),

touches as (
    select * from {{ ref('int_touches') }}
),

events as (
    select
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
    {%- for opted_out_on in ['unsubscribed_on', 'blocked_on'] %}
    union all
    select
        member_key,
        channel,
        'marketing' as purpose,
        false as is_granted,
        cast({{ add_days(opted_out_on, 1) }} as timestamp) as happened_at,
        {{ opted_out_on }} as happened_on
    from touches
    where {{ opted_out_on }} is not null
    {%- endfor %}
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
