-- What an export would find an address for. Where that is a member number, records of its system have one.
with contact_points as (
    select * from {{ ref('int_contact_points') }}
),

member_records as (
    select * from {{ ref('int_identity__members') }}
),

addresses as (
    select * from {{ ref('export_addresses') }}
)

select
    contact_points.member_key,
    contact_points.channel,
    min(member_records.registered_on) as known_on
from contact_points
inner join member_records on contact_points.record_key = member_records.record_key
inner join addresses on contact_points.channel = addresses.channel
where contact_points.has_detail or addresses.system = member_records.system
group by contact_points.member_key, contact_points.channel
