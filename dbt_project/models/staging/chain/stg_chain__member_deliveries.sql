with told as (
    select
        source,
        system,
        member_id,
        phone as phone_pseudonym,
        email as email_pseudonym,
        union_id as union_id_pseudonym,
        card_number as card_pseudonym,
        full_name as name_pseudonym,
        delivered_on as reported_on
    from {{ source('chain', 'members') }}
)

select
    *,
    lag(reported_on) over (partition by source, system, member_id order by reported_on) is null
    {%- for column in ['phone', 'email', 'union_id', 'card', 'name'] %}
    or coalesce({{ column }}_pseudonym, '')
    <> lag(coalesce({{ column }}_pseudonym, '')) over (partition by source, system, member_id order by reported_on)
    {%- endfor %} as is_change
from told
