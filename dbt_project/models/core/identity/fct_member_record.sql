with member_records as (
    select * from {{ ref('int_identity__members') }}
),

chain_members as (
    select * from {{ ref('stg_chain__members') }}
)

select
    member_records.record_key,
    member_records.member_key,
    member_records.updated_at,
    member_records.is_deleted,
    member_records.source,
    chain_members.home_store_id as store_id,
    not member_records.is_anchor as is_duplicate
from member_records
left join chain_members
    on member_records.source = chain_members.source
    and member_records.system = chain_members.system
    and member_records.member_id = chain_members.member_id
