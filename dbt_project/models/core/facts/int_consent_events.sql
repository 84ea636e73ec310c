-- Unsubscribing from a message or blocking its sender withdraws marketing, and is the last word of its day. What cannot
-- be read withdraws whatever it may have been about.
with consents as (
    select * from {{ ref('stg_chain__consents') }}
),

member_records as (
    select * from {{ ref('int_identity__members') }}
),

contact_points as (
    select * from {{ ref('int_contact_points') }}
),

touches as (
    select * from {{ ref('fct_touch') }}
),

unreadable as (
    select * from {{ ref('int_unreadable_consents') }}
),

purposes as (
    select distinct purpose
    from consents
)

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
union
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
union
select
    unreadable.member_key,
    contact_points.channel,
    purposes.purpose,
    false as is_granted,
    unreadable.happened_at,
    unreadable.happened_on
from unreadable
inner join contact_points
    on unreadable.record_key = contact_points.record_key
    and coalesce(unreadable.channel, contact_points.channel) = contact_points.channel
inner join purposes on coalesce(unreadable.purpose, purposes.purpose) = purposes.purpose
