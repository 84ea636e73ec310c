{{ config(meta={'dagster': {'ref': {'name': 'aud_journeys'}}}) }}

-- On the very day of a return the lifecycle knows the purchase as well: stable there is stable here, any other stage
-- grows.
select journeys.*
from {{ ref('aud_journeys') }} as journeys
inner join {{ ref('member_lifecycle') }} as lifecycles
    on journeys.member_key = lifecycles.member_key
    and journeys.as_of_date = lifecycles.as_of_date
where
    journeys.exit_reason = 'returned'
    and journeys.exited_on = journeys.as_of_date
    and coalesce(journeys.plan, '') <> case when lifecycles.stage = 'stable' then 'stable' else 'growing' end
