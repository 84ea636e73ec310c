-- Survivorship: of the filled values, that of the most trusted system, then the most recent. A system that no row of
-- the trust names comes after all that have one.
with member_records as (
    select * from {{ ref('int_identity__members') }}
),

members as (
    select * from {{ ref('stg_chain__members') }}
    where not is_deleted
),

trust as (
    select * from {{ ref('attribute_trust') }}
),

ledger as (
    select * from {{ ref('fct_identity_ledger') }}
),

-- A record that came from another member, or went to one, took its history along.
restatements as (
    select
        member_key,
        max(restated_on) as restated_on
    from (
        select
            member_key,
            began_on as restated_on
        from ledger
        where change_number > 1
        union all
        select
            member_key,
            ended_on as restated_on
        from ledger
        where ended_on < {{ end_of_time() }}
    ) as changes
    group by member_key
),

records as (
    select
        member_key,
        min(registered_on) as registered_on,
        {{ integer_sum('case when is_deleted then 0 else 1 end') }} as records,
        count(distinct case when not is_deleted then system end) as systems
    from member_records
    group by member_key
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
),

attributes as (
    select
        {%- for attribute, data_type in var('member_attributes').items() %}
        {%- set its_value = "case when attribute = '" ~ attribute ~ "' then attribute_value end" %}
        cast(max({{ its_value }}) as {{ data_type }}) as {{ attribute }},
        {%- endfor %}
        member_key
    from ranked
    where survivorship_rank = 1
    group by member_key
)

select
    records.member_key,
    records.registered_on,
    cast(records.records as integer) as records,
    cast(records.systems as integer) as systems,
    restatements.restated_on,
    attributes.{{ var('member_attributes') | join(',\n    attributes.') }}
from records
left join attributes on records.member_key = attributes.member_key
left join restatements on records.member_key = restatements.member_key
