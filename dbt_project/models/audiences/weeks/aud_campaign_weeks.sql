-- Which campaigns run in the weeks of this build. A week that is sealed is not decided again. What is for a promotion
-- begins with it: a touch of the Monday before a sale that opens on Saturday would be early, and its entry would keep the
-- member out of the sale.
with weeks as (
    select * from {{ ref('aud_weeks__decided') }}
),

campaigns as (
    select * from {{ ref('campaigns') }}
),

definitions as (
    select * from {{ ref('stg_rekindle__definition_hashes') }}
),

seals as (
    select distinct
        campaign,
        campaign_week
    from {{ ref('stg_rekindle__sealed_weeks') }}
)

select
    campaigns.campaign,
    weeks.campaign_week,
    weeks.as_of_date,
    case when campaigns.trigger = 'promotion' then weeks.promotion_on else weeks.campaign_week end as starts_on,
    campaigns.cap_class,
    campaigns.priority,
    definitions.definition_hash,
    (seals.campaign is not null) as is_sealed
from campaigns
inner join weeks
    on campaigns.valid_from <= weeks.campaign_week
    and coalesce(campaigns.valid_to, {{ end_of_time() }}) >= weeks.campaign_week
    and (campaigns.trigger <> 'promotion' or weeks.is_in_promotion)
inner join definitions on campaigns.campaign = definitions.campaign
left join seals
    on campaigns.campaign = seals.campaign
    and weeks.campaign_week = seals.campaign_week
