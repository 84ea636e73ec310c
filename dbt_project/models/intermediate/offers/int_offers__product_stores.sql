-- What a member of a store can get there: from the shelf, from another store of the city, or not. Stores that did not
-- count a product lately have no row for it: their stock is not known.
with stock as (
    select * from {{ ref('fct_stock') }}
    where is_known
),

offer_dates as (
    select * from {{ ref('int_offers__dates') }}
),

stores as (
    select * from {{ ref('dim_store') }}
),

counted as (
    select
        stock.*,
        stores.city,
        max(stock.units) over (
            partition by
                stock.as_of_date, stock.source, stock.product_id, coalesce(stores.city, stock.store_id)
        ) as most_units_in_city
    from stock
    inner join offer_dates on stock.as_of_date = offer_dates.as_of_date
    left join stores
        on stock.source = stores.source
        and stock.store_id = stores.store_id
)

select
    as_of_date,
    source,
    store_id,
    product_id,
    city,
    units,
    counted_on,
    case
        when units > 0 then 'in_store'
        when most_units_in_city > 0 then 'from_city'
        else 'out_of_stock'
    end as delivery_state
from counted
