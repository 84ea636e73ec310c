with chain_stores as (
    select * from {{ ref('stg_chain__stores') }}
),

complete_journey_stores as (
    select * from {{ ref('int_complete_journey_stores') }}
)

select
    source,
    store_id,
    store_name,
    region,
    city,
    opened_on,
    closed_on
from chain_stores
union all
select
    source,
    store_id,
    store_name,
    region,
    city,
    opened_on,
    closed_on
from complete_journey_stores
