-- What an export would find an address for. Where that is a member number, records of its system have one.
with contact_points as (
    select * from {{ ref('int_contact_points') }}
    where replaced_on = {{ end_of_time() }}
),

member_records as (
    select * from {{ ref('int_identity__members') }}
    where not is_deleted
),

addresses as (
    select * from {{ ref('export_addresses') }}
),

reached as (
    select
        contact_points.record_key,
        addresses.channel
    from contact_points
    inner join addresses on contact_points.identifier_type = addresses.address
    union all
    select
        member_records.record_key,
        addresses.channel
    from member_records
    inner join addresses on member_records.system = addresses.system
)

select
    member_records.member_key,
    reached.channel,
    min(member_records.registered_on) as known_on
from reached
inner join member_records on reached.record_key = member_records.record_key
group by member_records.member_key, reached.channel
