{# Every member record with the member whose word it is, and the touches of all of them. Whoever left with all
   records is nobody's member any more, but what they said stays with their addresses, under the key of the record. #}
{% macro persons_who_spoke_and_their_touches() -%}
{%- set told = ['channel', 'unsubscribed_on', 'complained_on', 'blocked_on', 'reported_on'] -%}
persons as (
    select
        records.source,
        records.system,
        records.member_id,
        coalesce(members.member_key, records.record_key) as member_key,
        members.member_key is null as is_gone
    from {{ ref('int_identity__records') }} as records
    left join {{ ref('int_identity__members') }} as members on records.record_key = members.record_key
),

touches as (
    select
        member_key,
        {{ told | join(',\n        ') }}
    from {{ ref('fct_touch') }}
    union all
    select
        persons.member_key,
        chain_touches.{{ told | join(',\n        chain_touches.') }}
    from {{ ref('stg_chain__touches') }} as chain_touches
    inner join persons
        on chain_touches.source = persons.source
        and chain_touches.system = persons.system
        and chain_touches.member_id = persons.member_id
    where persons.is_gone
)
{%- endmacro %}


{# Whether a consent is a withdrawal under a system that nobody is registered in; for a model with the CTE `persons`. #}
{% macro is_withdrawn_by_an_unknown_system() -%}
    (not consents.is_granted and consents.system not in (select others.system from persons as others))
{%- endmacro %}
