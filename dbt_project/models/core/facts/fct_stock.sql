-- A count stands until the next one of that product in that store; nothing is assumed between two counts. A shelf
-- counted long ago says nothing of today: then stock is unknown, and unknown is neither in nor out.
with counts as (
    select
        *,
        coalesce(
            lead(counted_on) over (partition by source, store_id, product_id order by counted_on),
            {{ end_of_time() }}
        ) as stands_until_on
    from {{ ref('stg_chain__stock') }}
),

as_of_dates as (
    select * from {{ ref('dim_as_of_date') }}
    where is_computed
),

settings as (
    {{ settings('metric_settings', ['stock_trusted_days']) }}
),

counted as (
    select
        counts.*,
        as_of_dates.as_of_date,
        {{ days_between('counts.counted_on', 'as_of_dates.as_of_date') }} as days_since_count
    from as_of_dates
    inner join counts
        on as_of_dates.as_of_date >= counts.counted_on
        and as_of_dates.as_of_date < counts.stands_until_on
)

select
    counted.as_of_date,
    counted.source,
    counted.store_id,
    counted.product_id,
    counted.units,
    counted.counted_on,
    cast(counted.days_since_count as integer) as days_since_count,
    counted.days_since_count <= settings.stock_trusted_days as is_known,
    counted.units = 0 and counted.days_since_count <= settings.stock_trusted_days as is_out_of_stock
from counted
cross join settings
