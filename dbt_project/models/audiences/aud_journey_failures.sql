-- Why a journey that ran to its end brought nobody back. The split is by its touches together: who was never seen to be
-- reached, who was and showed no interest, who showed interest and used no benefit.
with journeys as (
    select * from {{ ref('aud_journeys') }}
    where exit_reason = 'completed'
),

outcomes as (
    select * from {{ ref('aud_touch_outcomes') }}
    where planned_on is not null
)

select
    journeys.campaign,
    journeys.entry_week,
    journeys.member_key,
    journeys.as_of_date,
    journeys.arm,
    journeys.exited_on,
    case
        when min(least(outcomes.opened_on, outcomes.clicked_on, outcomes.connected_on)) <= journeys.exited_on
            then 'benefit_mismatch'
        when min(outcomes.reached_on) <= journeys.exited_on then 'no_interest'
        else 'not_reached'
    end as failure
from journeys
left join outcomes
    on journeys.campaign = outcomes.campaign
    and journeys.entry_week = outcomes.entry_week
    and journeys.member_key = outcomes.member_key
group by
    journeys.campaign, journeys.entry_week, journeys.member_key, journeys.as_of_date, journeys.arm, journeys.exited_on
