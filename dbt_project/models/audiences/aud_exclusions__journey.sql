-- Why a candidate may not enter because of a journey: one of the same campaign that still runs, which may last longer
-- than the days of the cooldown where it waited for room; or a whole one that nobody answered since, whether or not the
-- sending tool reported its touches.
with candidates as (
    select * from {{ ref('aud_candidates') }}
),

journeys as (
    select * from {{ ref('aud_journeys') }}
)

select distinct
    candidates.campaign,
    candidates.campaign_week,
    candidates.member_key,
    case when journeys.exit_reason is null then 'cooldown' else 'sleep_pool' end as reason
from candidates
inner join journeys
    on candidates.member_key = journeys.member_key
    and candidates.as_of_date = journeys.as_of_date
where
    (journeys.exit_reason is null and candidates.campaign = journeys.campaign)
    or journeys.plan = 'sleep_pool'
