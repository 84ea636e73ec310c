with chain_stores as (
    select * from {{ ref('stg_chain__stores') }}
),

transactions as (
    select * from {{ ref('stg_complete_journey__transactions') }}
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
-- The Complete Journey tells nothing of a store but its number.
select
    source,
    store_id,
    store_id as store_name,
    cast(null as {{ dbt.type_string() }}) as region,
    cast(null as {{ dbt.type_string() }}) as city,
    cast(null as date) as opened_on,
    cast(null as date) as closed_on
from transactions
group by source, store_id
