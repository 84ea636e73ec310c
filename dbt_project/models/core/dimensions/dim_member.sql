with member_records as (
    select * from {{ ref('int_identity__members') }}
),

survivors as (
    select * from {{ ref('int_identity__survivorship') }}
),

records as (
    select
        member_key,
        min(registered_on) as registered_on,
        count(*) as records,
        count(distinct system) as systems
    from member_records
    group by member_key
),

attributes as (
    select
        member_key
        {%- for attribute, data_type in var('member_attributes').items() %},
        cast(max(case when attribute = '{{ attribute }}' then attribute_value end) as {{ data_type }}) as {{ attribute }}
        {%- endfor %}
    from survivors
    group by member_key
)

select
    records.member_key,
    records.registered_on,
    cast(records.records as integer) as records,
    cast(records.systems as integer) as systems
    {%- for attribute in var('member_attributes') %},
    attributes.{{ attribute }}
    {%- endfor %}
from records
left join attributes on records.member_key = attributes.member_key
