{%- set identifier_types = ['union_id', 'card', 'phone', 'email'] -%}
-- Which identifiers of a record may link it, and why the others may not.
with records as (
    select * from {{ ref('int_identity__records') }}
),

rules as (
    select * from {{ ref('identifiers') }}
),

blocked as (
    select * from {{ ref('stg_rekindle__blocked_identifiers') }}
),

identifiers as (
    {%- for identifier_type in identifier_types %}
    select
        record_key,
        '{{ identifier_type }}' as identifier_type,
        {{ identifier_type }}_pseudonym as identifier,
        name_pseudonym
    from records
    where {{ identifier_type }}_pseudonym is not null
    {{- "
    union all" if not loop.last }}
    {%- endfor %}
),

holders as (
    select
        identifier_type,
        identifier,
        count(*) as records,
        count(distinct name_pseudonym) as names,
        min(name_pseudonym) as any_name
    from identifiers
    group by identifier_type, identifier
),

evaluated as (
    select
        identifiers.record_key,
        identifiers.identifier_type,
        identifiers.identifier,
        rules.priority,
        case
            when blocked.pseudonym is not null then 'blocked value'
            when holders.records > rules.maximum_records then 'shared by too many'
            when rules.needs_same_name and identifiers.name_pseudonym is null and holders.names <> 1 then 'name unknown'
        end as refused_because,
        -- A shared family phone links only the records under one name; a record without a name joins the only name.
        case
            when rules.needs_same_name then coalesce(identifiers.name_pseudonym, holders.any_name)
            else ''
        end as name_part
    from identifiers
    inner join rules on identifiers.identifier_type = rules.identifier_type
    inner join holders
        on identifiers.identifier_type = holders.identifier_type
        and identifiers.identifier = holders.identifier
    left join blocked
        on identifiers.identifier_type = blocked.identifier_type
        and identifiers.identifier = blocked.pseudonym
)

select
    record_key,
    identifier_type,
    identifier,
    priority,
    refused_because,
    case
        when refused_because is null
            then identifier_type || ':' || identifier || ':' || coalesce(name_part, '')
    end as link_key
from evaluated
