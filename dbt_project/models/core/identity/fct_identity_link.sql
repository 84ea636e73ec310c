-- A value that one record alone holds links nobody and has no row.
with links as (
    select * from {{ ref('int_identity__links') }}
),

member_records as (
    select * from {{ ref('int_identity__members') }}
),

held as (
    select
        links.record_key,
        links.identifier_type,
        links.identifier,
        links.refused_because,
        links.link_key,
        count(*) over (partition by links.identifier_type, links.identifier) as holders,
        count(*) over (partition by links.link_key) as linkable,
        count(*) over (partition by links.link_key, member_records.member_key) as linked
    from links
    inner join member_records on links.record_key = member_records.record_key
)

select
    record_key,
    identifier_type,
    {{ text_key("identifier_type || ':' || identifier") }} as value_key,
    cast(holders as integer) as holders,
    cast(case when link_key is not null then linked - 1 else 0 end as integer) as linked_records,
    cast(case when link_key is not null then linkable - linked else 0 end as integer) as kept_apart_records,
    refused_because
from held
where holders > 1 or refused_because is not null
