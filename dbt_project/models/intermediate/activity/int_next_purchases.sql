-- What came after each as-of date. It looks into the future on purpose, so only what evaluates past scores may read it.
with as_of_dates as (
    select * from {{ ref('dim_as_of_date') }}
    where is_computed
),

purchase_days as (
    select * from {{ ref('int_purchase_days') }}
    where previous_purchased_on is not null
)

select
    purchase_days.member_key,
    as_of_dates.as_of_date,
    purchase_days.purchased_on as next_purchased_on,
    {{ days_between('as_of_dates.as_of_date', 'purchase_days.purchased_on') }} as days_until_purchase
from as_of_dates
inner join purchase_days
    on as_of_dates.as_of_date >= purchase_days.previous_purchased_on
    and as_of_dates.as_of_date < purchase_days.purchased_on
