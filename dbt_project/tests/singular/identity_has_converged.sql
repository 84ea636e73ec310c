{{ config(meta={'dagster': {'ref': {'name': 'int_identity__members'}}}) }}

-- Who is linked is one member, unless two who are kept apart would be in it; and those never are.
with member_records as (
    select
        record_key,
        member_key
    from {{ ref('int_identity__members') }}
),

decisions as (
    select
        decisions.is_merge,
        own.member_key,
        other_records.member_key as other_member_key
    from {{ ref('stg_rekindle__identity_decisions') }} as decisions
    inner join member_records as own on decisions.record_key = own.record_key
    inner join member_records as other_records on decisions.other_record_key = other_records.record_key
    where decisions.ended_on is null
),

linked as (
    select
        links.link_key,
        member_records.member_key
    from {{ ref('int_identity__links') }} as links
    inner join member_records on links.record_key = member_records.record_key
    where links.link_key is not null
    group by links.link_key, member_records.member_key
),

torn as (
    select
        one.member_key,
        other.member_key as other_member_key
    from linked as one
    inner join linked as other on one.link_key = other.link_key
    where one.member_key < other.member_key
    union all
    select
        least(member_key, other_member_key) as member_key,
        greatest(member_key, other_member_key) as other_member_key
    from decisions
    where is_merge and member_key <> other_member_key
)

select torn.member_key
from torn
left join decisions
    on not decisions.is_merge
    and torn.member_key = least(decisions.member_key, decisions.other_member_key)
    and torn.other_member_key = greatest(decisions.member_key, decisions.other_member_key)
where decisions.member_key is null
union all
select member_key
from decisions
where not is_merge and member_key = other_member_key
