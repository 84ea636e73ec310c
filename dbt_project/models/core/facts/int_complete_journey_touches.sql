{{ config(materialized='view') }}

with campaigns as (
    select * from {{ ref('stg_complete_journey__campaigns') }}
),

campaign_descriptions as (
    select * from {{ ref('stg_complete_journey__campaign_descriptions') }}
),

coupon_redemptions as (
    select * from {{ ref('stg_complete_journey__coupon_redemptions') }}
),

responses as (
    select
        campaign_id,
        system,
        member_id,
        min(redeemed_on) as responded_on
    from coupon_redemptions
    group by campaign_id, system, member_id
)

select
    campaigns.source,
    {{ text_key(dbt.concat([
        "'touch-'", "cast(campaigns.campaign_id as " ~ dbt.type_string() ~ ")", "'-'", "campaigns.member_id",
    ])) }} as touch_id,
    campaigns.system,
    campaigns.member_id,
    {{ dbt.concat(["'campaign_'", "cast(campaigns.campaign_id as " ~ dbt.type_string() ~ ")"]) }} as campaign_code,
    'mail' as channel,
    -- The data dates the campaign, not the letter: it counts as sent on the first day.
    campaign_descriptions.started_on as planned_on,
    cast(null as date) as capped_on,
    campaign_descriptions.started_on as sent_on,
    cast(null as date) as delivered_on,
    cast(null as date) as opened_on,
    cast(null as date) as clicked_on,
    cast(null as date) as connected_on,
    cast(null as date) as followed_up_on,
    cast(null as date) as unsubscribed_on,
    cast(null as date) as complained_on,
    cast(null as date) as blocked_on,
    responses.responded_on,
    cast(null as decimal(18, 4)) as cost_amount
from campaigns
inner join campaign_descriptions on campaigns.campaign_id = campaign_descriptions.campaign_id
left join responses
    on campaigns.campaign_id = responses.campaign_id
    and campaigns.system = responses.system
    and campaigns.member_id = responses.member_id
