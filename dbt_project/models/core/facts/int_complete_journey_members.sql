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
)

select
    source,
    system,
    member_id,
    -- The data has no registrations: a household is known from its first basket on.
    min(ordered_at) as registered_at,
    min(ordered_on) as registered_on,
    min(first_delivered_on) as delivered_on
from sightings
group by source, system, member_id
