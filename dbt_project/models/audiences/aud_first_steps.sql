-- The touch an entry begins with, per arm; where arms begin differently, an entry must fit all of them, so that no arm
-- is easier to enter than another.
with campaigns as (
    select * from {{ ref('campaigns') }}
),

steps as (
    select * from {{ ref('campaign_steps') }}
    where step_no = 1
)

select distinct
    campaigns.campaign,
    campaigns.cap_class,
    steps.channel,
    steps.day_offset
from steps
inner join campaigns on steps.campaign = campaigns.campaign
