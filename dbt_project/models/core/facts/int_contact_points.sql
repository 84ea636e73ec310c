-- What a record is or was known under, for an opt-out stays when a number changes, and when its source deletes the
-- record. A placeholder is nobody's. Where the rules of identity would link two records by a value, they were one
-- person for as long as both held it. So were records that have parted, for as long as the ledger says.
with deliveries as (
    select * from {{ ref('stg_chain__member_deliveries') }}
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

ledger as (
    select * from {{ ref('fct_identity_ledger') }}
),

told as (
    {%- for identifier_type in ['union_id', 'card', 'phone', 'email'] %}
    select
        source,
        system,
        member_id,
        '{{ identifier_type }}' as identifier_type,
        {{ identifier_type }}_pseudonym as identifier,
        min(reported_on) as first_on,
        max(reported_on) as last_on
    from deliveries
    group by source, system, member_id, {{ identifier_type }}_pseudonym
    {{- "
    union all" if not loop.last }}
    {%- endfor %}
),

followed as (
    select
        *,
        lead(first_on) over (partition by source, system, member_id, identifier_type order by last_on) as next_first_on,
        lead(last_on) over (partition by source, system, member_id, identifier_type order by last_on) as next_last_on
    from told
),

-- Where a value came back, its follower was told before it as well: then the last day of that one is late enough.
known as (
    select
        records.record_key,
        coalesce(member_records.member_key, records.record_key) as member_key,
        records.name_pseudonym,
        followed.identifier_type,
        followed.identifier,
        coalesce(
            case
                when followed.next_first_on > followed.last_on then followed.next_first_on
                else followed.next_last_on
            end,
            {{ end_of_time() }}
        ) as replaced_on,
        count(*) over (partition by followed.identifier_type, followed.identifier) as holders
    from followed
    inner join records
        on followed.source = records.source
        and followed.system = records.system
        and followed.member_id = records.member_id
    left join member_records on records.record_key = member_records.record_key
    left join blocked
        on followed.identifier_type = blocked.identifier_type
        and followed.identifier = blocked.pseudonym
    where followed.identifier is not null and blocked.pseudonym is null
)

select
    known.record_key,
    known.member_key,
    known.identifier_type,
    known.identifier_type || ':' || known.identifier as contact_point,
    known.replaced_on,
    known.holders <= rules.maximum_records as is_link,
    case when rules.needs_same_name then known.name_pseudonym else '' end as linked_as
from known
inner join rules on known.identifier_type = rules.identifier_type
union all
select
    record_key,
    newest_member_key as member_key,
    'member' as identifier_type,
    'member:' || cast(member_key as {{ dbt.type_string() }}) as contact_point,
    max(ended_on) as replaced_on,
    true as is_link,
    '' as linked_as
from ledger
where
    member_key in (
        select parted.member_key
        from ledger as parted
        where parted.member_key <> parted.newest_member_key
    )
group by record_key, newest_member_key, member_key
