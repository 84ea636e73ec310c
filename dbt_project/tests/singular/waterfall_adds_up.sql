-- Of every campaign week, all who matched are those dropped for each reason and those included.
select
    campaign,
    campaign_week,
    sum(case when outcome = 'matched' then members else -members end) as members_lost
from {{ ref('aud_waterfall') }}
group by campaign, campaign_week
having sum(case when outcome = 'matched' then members else -members end) <> 0
