{{ config(materialized='view') }}

with transactions as (
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
        delivered_on
    from transactions
    union all
    select
        source,
        system,
        member_id,
        cast(null as timestamp) as ordered_at,
        cast(null as date) as ordered_on,
        delivered_on
    from demographics
)

select
    source,
    system,
    member_id,
    -- The data has no registrations: a household is known from its first basket on.
    min(ordered_at) as registered_at,
    min(ordered_on) as registered_on,
    min(ordered_at) as updated_at,
    cast(null as {{ dbt.type_string() }}) as phone_pseudonym,
    cast(null as {{ dbt.type_string() }}) as email_pseudonym,
    cast(null as {{ dbt.type_string() }}) as union_id_pseudonym,
    cast(null as {{ dbt.type_string() }}) as card_pseudonym,
    cast(null as {{ dbt.type_string() }}) as name_pseudonym,
    cast(null as {{ dbt.type_string() }}) as region,
    cast(null as {{ dbt.type_string() }}) as city,
    cast(null as {{ dbt.type_string() }}) as home_store_id,
    cast(null as {{ dbt.type_string() }}) as acquisition_channel,
    cast(null as {{ dbt.type_string() }}) as device,
    cast(null as {{ dbt.type_string() }}) as member_level,
    cast(null as integer) as birth_month,
    cast(null as {{ dbt.type_string() }}) as language,
    max(delivered_on) as delivered_on
from sightings
group by source, system, member_id
