-- A system without identifiers (a public data set) takes part with its member number alone.
with chain_members as (
    select * from {{ ref('stg_chain__members') }}
),

transactions as (
    select * from {{ ref('stg_complete_journey__transactions') }}
),

demographics as (
    select * from {{ ref('stg_complete_journey__demographics') }}
),

sightings as (
    select
        source,
        system,
        member_id,
        ordered_at,
        ordered_on,
        first_delivered_on
    from transactions
    union all
    select
        source,
        system,
        member_id,
        cast(null as timestamp) as ordered_at,
        cast(null as date) as ordered_on,
        first_delivered_on
    from demographics
),

-- The Complete Journey has no registrations: a household is known from its first basket on.
households as (
    select
        source,
        system,
        member_id,
        min(ordered_on) as registered_on,
        min(ordered_at) as updated_at,
        min(first_delivered_on) as first_delivered_on
    from sightings
    group by source, system, member_id
),

guest_records as (
    {{ guest_records() }}
),

records as (
    select
        phone_pseudonym,
        email_pseudonym,
        union_id_pseudonym,
        card_pseudonym,
        name_pseudonym,
        source,
        system,
        member_id,
        registered_on,
        updated_at,
        first_delivered_on,
        is_deleted,
        false as is_guest
    from chain_members
    union all
    select
        phone_pseudonym,
        email_pseudonym,
        {%- for identifier in ['union_id', 'card', 'name'] %}
        cast(null as {{ dbt.type_string() }}) as {{ identifier }}_pseudonym,
        {%- endfor %}
        source,
        system,
        member_id,
        registered_on,
        updated_at,
        first_delivered_on,
        false as is_deleted,
        true as is_guest
    from guest_records
    union all
    select
        {%- for identifier in ['phone', 'email', 'union_id', 'card', 'name'] %}
        cast(null as {{ dbt.type_string() }}) as {{ identifier }}_pseudonym,
        {%- endfor %}
        source,
        system,
        member_id,
        registered_on,
        updated_at,
        first_delivered_on,
        false as is_deleted,
        false as is_guest
    from households
),

keyed as (
    select
        *,
        {{ id_key('member_id') }} as record_key
    from records
)

-- The oldest record of a person is the anchor: what came in an earlier delivery stays older than anything that
-- comes later, so a key once given out is kept through rebuilds and merges.
select
    record_key,
    source,
    system,
    member_id,
    registered_on,
    updated_at,
    first_delivered_on,
    is_deleted,
    is_guest,
    phone_pseudonym,
    email_pseudonym,
    union_id_pseudonym,
    card_pseudonym,
    name_pseudonym,
    cast(row_number() over (order by first_delivered_on, registered_on, record_key) as bigint) as anchor_rank
from keyed
