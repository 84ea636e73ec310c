-- What a record is or was known under. A placeholder is nobody's. Where the rules of identity would link two records by it,
-- they were one person as long as both held it.
with identifiers as (
    select * from {{ ref('stg_chain__member_identifiers') }}
),

records as (
    select * from {{ ref('int_identity__records') }}
),

member_records as (
    select * from {{ ref('int_identity__members') }}
),

blocked as (
    select * from {{ ref('stg_rekindle__blocked_identifiers') }}
),

rules as (
    select * from {{ ref('identifiers') }}
),

known as (
    select
        records.record_key,
        member_records.member_key,
        records.name_pseudonym,
        identifiers.identifier_type,
        identifiers.pseudonym,
        identifiers.replaced_on,
        count(*) over (partition by identifiers.identifier_type, identifiers.pseudonym) as holders
    from identifiers
    inner join records
        on identifiers.source = records.source
        and identifiers.system = records.system
        and identifiers.member_id = records.member_id
    inner join member_records on records.record_key = member_records.record_key
    left join blocked
        on identifiers.identifier_type = blocked.identifier_type
        and identifiers.pseudonym = blocked.pseudonym
    where blocked.pseudonym is null
)

select
    known.record_key,
    known.member_key,
    known.identifier_type,
    known.identifier_type || ':' || known.pseudonym as contact_point,
    known.replaced_on,
    known.holders <= rules.maximum_records as is_link,
    case when rules.needs_same_name then known.name_pseudonym else '' end as linked_as
from known
inner join rules on known.identifier_type = rules.identifier_type
