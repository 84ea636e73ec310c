-- Where each arm of a campaign begins and ends in [0, 1); a member's draw falls into one of them, whatever the week.
with arms as (
    select * from {{ ref('campaign_arms') }}
)

select
    campaign,
    arm,
    arm_role,
    share as propensity,
    cast(
        sum(share) over (partition by campaign order by arm rows between unbounded preceding and current row) - share
        as decimal(9, 6)
    ) as from_share,
    cast(
        sum(share) over (partition by campaign order by arm rows between unbounded preceding and current row)
        as decimal(9, 6)
    ) as to_share
from arms
