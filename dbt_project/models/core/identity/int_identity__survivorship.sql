-- Survivorship: of the filled values, that of the most trusted system, then the most recent. A system that no row of
-- the trust names comes after all that have one.
with members as (
    select * from {{ ref('stg_chain__members') }}
    where not is_deleted
),

member_records as (
    select * from {{ ref('int_identity__members') }}
),

trust as (
    select * from {{ ref('attribute_trust') }}
),

filled as (
    {%- for attribute in var('member_attributes') %}
    select
        source,
        system,
        member_id,
        '{{ attribute }}' as attribute,
        cast({{ attribute }} as {{ dbt.type_string() }}) as attribute_value
    from members
    where {{ attribute }} is not null
    {{- "
    union all" if not loop.last }}
    {%- endfor %}
),

ranked as (
    select
        member_records.member_key,
        filled.attribute,
        filled.attribute_value,
        filled.system,
        row_number() over (
            partition by member_records.member_key, filled.attribute
            order by
                case when trust.trust_order is null then 1 else 0 end asc,
                trust.trust_order asc,
                member_records.updated_at desc,
                member_records.record_key asc
        ) as survivorship_rank
    from filled
    inner join member_records
        on filled.source = member_records.source
        and filled.system = member_records.system
        and filled.member_id = member_records.member_id
    left join trust
        on filled.source = trust.source
        and filled.system = trust.system
)

select
    member_key,
    attribute,
    attribute_value,
    system as taken_from_system
from ranked
where survivorship_rank = 1
