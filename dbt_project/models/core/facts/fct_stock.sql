-- A shelf counted long ago says nothing of today: then stock is unknown, and unknown is neither in nor out.
with stock as (
    select * from {{ ref('int_stock') }}
),

as_of_dates as (
    select distinct as_of_date
    from {{ ref('member_activity') }}
),

settings as (
    select * from {{ ref('stock_count') }}
),

counted as (
    select
        stock.*,
        as_of_dates.as_of_date,
        {{ days_between('stock.counted_on', 'as_of_dates.as_of_date') }} as days_since_count
    from as_of_dates
    inner join stock
        on as_of_dates.as_of_date >= stock.counted_on
        and as_of_dates.as_of_date < stock.stands_until_on
)

select
    counted.as_of_date,
    counted.source,
    counted.store_id,
    counted.product_id,
    counted.units,
    counted.counted_on,
    cast(counted.days_since_count as integer) as days_since_count,
    counted.days_since_count <= settings.trusted_days as is_known,
    counted.units = 0 and counted.days_since_count <= settings.trusted_days as is_out_of_stock
from counted
cross join settings
