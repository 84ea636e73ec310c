{{ config(meta={'dagster': {'ref': {'name': 'aud_decisions'}}}) }}

-- Nobody enters a campaign that calls beyond the places of the week; calls of running journeys were promised before.
with entering as (
    select
        decisions.campaign_week,
        coalesce(decisions.home_store_id, 'common') as response_queue,
        count(*) as entries
    from {{ ref('aud_decisions') }} as decisions
    inner join {{ ref('aud_campaign_weeks') }} as campaign_weeks
        on decisions.campaign = campaign_weeks.campaign
        and decisions.campaign_week = campaign_weeks.campaign_week
    where decisions.is_included and not decisions.is_sealed and campaign_weeks.is_by_person
    group by decisions.campaign_week, coalesce(decisions.home_store_id, 'common')
)

select
    entering.campaign_week,
    entering.response_queue
from entering
inner join {{ ref('response_capacity') }} as of_all on of_all.response_queue = 'default'
left join {{ ref('response_capacity') }} as of_queue on entering.response_queue = of_queue.response_queue
where entering.entries > coalesce(of_queue.members_per_week, of_all.members_per_week)
