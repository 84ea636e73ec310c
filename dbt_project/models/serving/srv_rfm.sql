with rfm as (
    select * from {{ ref('member_rfm') }}
),

value_tiers as (
    select * from {{ ref('member_value_tier') }}
)

select
    rfm.*,
    value_tiers.value_tier,
    value_tiers.revenue_share_above
from rfm
inner join value_tiers
    on rfm.member_key = value_tiers.member_key
    and rfm.as_of_date = value_tiers.as_of_date
