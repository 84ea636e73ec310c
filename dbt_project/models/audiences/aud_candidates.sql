-- Weeks that are sealed are not matched again: what was decided stays decided.
with matches as (
    select * from {{ ref('aud_matches') }}
),

campaign_weeks as (
    select * from {{ ref('aud_campaign_weeks') }}
    where not is_sealed
)

select
    campaign_weeks.campaign,
    campaign_weeks.campaign_week,
    campaign_weeks.as_of_date,
    matches.member_key,
    campaign_weeks.cap_class,
    campaign_weeks.priority
from matches
inner join campaign_weeks
    on matches.campaign = campaign_weeks.campaign
    and matches.as_of_date = campaign_weeks.as_of_date
