{%- set columns = {'phone': 'phone', 'email': 'email', 'union_id': 'union_id', 'card': 'card_number'} -%}
-- What a record was ever known under, for an opt-out stays where it was said when the number changes.
with told as (
    {%- for identifier_type, column in columns.items() %}
    select
        system,
        member_id,
        '{{ identifier_type }}' as identifier_type,
        {{ column }} as pseudonym,
        min(delivered_on) as first_on,
        max(delivered_on) as last_on
    from {{ source('chain', 'members') }}
    group by system, member_id, {{ column }}
    {{- "
    union all" if not loop.last }}
    {%- endfor %}
),

followed as (
    select
        *,
        lead(first_on) over (partition by system, member_id, identifier_type order by last_on) as next_first_on,
        lead(last_on) over (partition by system, member_id, identifier_type order by last_on) as next_last_on
    from told
)

-- Where a value came back, its follower was told before it as well: then the last day of that one is late enough.
select
    'chain' as source,
    system,
    member_id,
    identifier_type,
    pseudonym,
    coalesce(case when next_first_on > last_on then next_first_on else next_last_on end, {{ end_of_time() }}) as replaced_on
from followed
where pseudonym is not null
