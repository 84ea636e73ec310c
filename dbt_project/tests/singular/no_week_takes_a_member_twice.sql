select
    member_key,
    campaign_week
from {{ ref('aud_decisions') }}
where is_included and not is_sealed
group by member_key, campaign_week
having count(*) > 1
