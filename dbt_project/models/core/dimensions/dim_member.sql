with member_records as (
    select * from {{ ref('int_identity__members') }}
),

survivors as (
    select * from {{ ref('int_identity__survivorship') }}
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

attributes as (
    select
        {%- for attribute, data_type in var('member_attributes').items() %}
        {%- set its_value = "case when attribute = '" ~ attribute ~ "' then attribute_value end" %}
        cast(max({{ its_value }}) as {{ data_type }}) as {{ attribute }},
        {%- endfor %}
        member_key
    from survivors
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
