-- What a record is reached under on each channel; without an address the record itself stands for it.
with records as (
    select * from {{ ref('int_identity__records') }}
),

member_records as (
    select * from {{ ref('int_identity__members') }}
),

addresses as (
    {%- for channel, pseudonym in {
        'sms': 'phone_pseudonym', 'call': 'phone_pseudonym', 'email': 'email_pseudonym', 'wechat': 'union_id_pseudonym',
        'push': 'null',
    }.items() %}
    select
        record_key,
        '{{ channel }}' as channel,
        cast({{ pseudonym }} as {{ dbt.type_string() }}) as pseudonym
    from records
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select
    addresses.record_key,
    member_records.member_key,
    addresses.channel,
    addresses.pseudonym is not null as has_detail,
    coalesce(addresses.pseudonym, 'record ' || cast(addresses.record_key as {{ dbt.type_string() }})) as contact_point
from addresses
inner join member_records on addresses.record_key = member_records.record_key
