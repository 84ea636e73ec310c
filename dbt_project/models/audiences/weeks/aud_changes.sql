-- Everybody who matched counts, dropped or not: who entered last week cools down, so entries alone would always fall.
with campaign_weeks as (
    select * from {{ ref('aud_campaign_weeks') }}
),

decisions as (
    select * from {{ ref('aud_decisions') }}
),

settings as (
    {{ settings('campaign_settings', [
        'most_size_change_share', 'most_composition_change_share', 'smallest_compared_audience'
    ]) }}
),

beside as (
    select
        campaign,
        campaign_week,
        value_tier,
        1 as members,
        0 as members_before
    from decisions
    union all
    select
        campaign,
        {{ add_days('campaign_week', 7) }} as campaign_week,
        value_tier,
        0 as members,
        1 as members_before
    from decisions
),

tiers as (
    select
        campaign,
        campaign_week,
        sum(members) as members,
        sum(members_before) as members_before,
        sum(sum(members)) over (partition by campaign, campaign_week) as audience,
        sum(sum(members_before)) over (partition by campaign, campaign_week) as audience_before
    from beside
    group by campaign, campaign_week, value_tier
),

changes as (
    select
        campaign,
        campaign_week,
        max(audience) as members,
        max(audience_before) as members_before,
        {{ ratio('max(audience - audience_before)', 'max(audience_before)') }} as size_change_ratio,
        cast(
            sum(abs({{ share('members', 'audience') }} - {{ share('members_before', 'audience_before') }})) / 2
            as decimal(9, 6)
        ) as composition_change_share
    from tiers
    group by campaign, campaign_week
)

select
    changes.campaign,
    changes.campaign_week,
    cast(changes.members as bigint) as members,
    cast(changes.members_before as bigint) as members_before,
    changes.size_change_ratio,
    changes.composition_change_share,
    (
        coalesce(abs(changes.size_change_ratio) <= settings.most_size_change_share, true)
        or greatest(changes.members, changes.members_before) < settings.smallest_compared_audience
    ) as is_size_ordinary,
    (
        coalesce(changes.composition_change_share <= settings.most_composition_change_share, true)
        or least(changes.members, changes.members_before) < settings.smallest_compared_audience
    ) as is_composition_ordinary
from changes
inner join campaign_weeks
    on changes.campaign = campaign_weeks.campaign
    and changes.campaign_week = campaign_weeks.campaign_week
cross join settings
