-- A system without identifiers (a public data set) takes part with its member number alone.
with chain_members as (
    select * from {{ ref('stg_chain__members') }}
),

complete_journey_members as (
    select * from {{ ref('int_complete_journey_members') }}
),

records as (
    select
        source,
        system,
        member_id,
        registered_on,
        updated_at,
        first_delivered_on,
        phone_pseudonym,
        email_pseudonym,
        union_id_pseudonym,
        card_pseudonym,
        name_pseudonym
    from chain_members
    union all
    select
        source,
        system,
        member_id,
        registered_on,
        registered_at as updated_at,
        delivered_on as first_delivered_on,
        cast(null as {{ dbt.type_string() }}) as phone_pseudonym,
        cast(null as {{ dbt.type_string() }}) as email_pseudonym,
        cast(null as {{ dbt.type_string() }}) as union_id_pseudonym,
        cast(null as {{ dbt.type_string() }}) as card_pseudonym,
        cast(null as {{ dbt.type_string() }}) as name_pseudonym
    from complete_journey_members
),

keyed as (
    select
        *,
        {{ text_key("source || ':' || system || ':' || member_id") }} as record_key
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
    phone_pseudonym,
    email_pseudonym,
    union_id_pseudonym,
    card_pseudonym,
    name_pseudonym,
    cast(row_number() over (order by first_delivered_on, registered_on, record_key) as bigint) as anchor_rank
from keyed
