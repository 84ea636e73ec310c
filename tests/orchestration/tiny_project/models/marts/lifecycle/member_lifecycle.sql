select
    purchases.member_id,
    as_of_dates.as_of_date,
    case when max(purchases.purchased_on) < as_of_dates.as_of_date then 'silent' else 'new' end as stage,
    'none' as silence_tier
from {{ ref('int_purchases') }} as purchases
cross join {{ source('rekindle', 'as_of_dates') }} as as_of_dates
where purchases.purchased_on <= as_of_dates.as_of_date
group by purchases.member_id, as_of_dates.as_of_date
