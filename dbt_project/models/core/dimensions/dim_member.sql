{%- set attributes = [
    'region', 'city', 'home_store_id', 'acquisition_channel', 'device', 'member_level', 'birth_month', 'language',
] -%}
with member_records as (
    select * from {{ ref('int_identity__members') }}
),

attributes as (
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

pivoted as (
    select
        {%- for attribute in attributes %}
        max(case when attribute = '{{ attribute }}' then attribute_value end) as {{ attribute }},
        {%- endfor %}
        member_key
    from attributes
    group by member_key
)

select
    records.member_key,
    records.registered_on,
    cast(records.records as integer) as records,
    cast(records.systems as integer) as systems,
    pivoted.region,
    pivoted.city,
    pivoted.home_store_id,
    pivoted.acquisition_channel,
    pivoted.device,
    pivoted.member_level,
    cast(pivoted.birth_month as integer) as birth_month,
    pivoted.language
from records
left join pivoted on records.member_key = pivoted.member_key
