-- Every candidate with every reason against it; the first in the order of drop_reasons counts. Whatever the arm, an
-- entry must be reached and find room with its first touch, so that no arm is easier to enter.
with candidates as (
    select * from {{ ref('aud_decisions__eligible') }}
    where campaign_week is not null
),

suppressions as (
    select * from {{ ref('aud_decisions__suppressions') }}
),

steps as (
    select * from {{ ref('campaign_steps') }}
),

settings as (
    {{ settings('campaign_settings', ['answer_purpose']) }}
),

permissions as (
    select * from {{ ref('fct_contact_permission') }}
),

contact_points as (
    select * from {{ ref('int_contact_channels') }}
),

benefit_stores as (
    select * from {{ ref('benefit_stores') }}
),

campaign_weeks as (
    select * from {{ ref('aud_campaign_weeks') }}
),

contacts as (
    select * from {{ ref('aud_touches__contacts') }}
),

due_steps as (
    select * from {{ ref('aud_touches__due_steps') }}
),

beginnings as (
    select distinct
        campaign,
        channel,
        day_offset
    from steps
    where step_no = 1
),

-- All first touches are asked; candidates do not stand in each other's way.
first_touches as (
    select
        candidates.*,
        candidates.campaign_week as entry_week,
        1 as step_no,
        1 as step_rank,
        beginnings.channel,
        {{ add_days('campaign_weeks.starts_on', 'beginnings.day_offset') }} as due_on
    from candidates
    inner join beginnings on candidates.campaign = beginnings.campaign
    inner join campaign_weeks
        on candidates.campaign = campaign_weeks.campaign
        and candidates.campaign_week = campaign_weeks.campaign_week
)

{{- without_room('first_touches', 'contacts', 'due_steps') }},

exclusions as (
    select
        candidates.campaign,
        candidates.campaign_week,
        candidates.member_key,
        suppressions.reason
    from candidates
    inner join suppressions
        on candidates.campaign_week = suppressions.campaign_week
        and candidates.member_key = suppressions.member_key
        and suppressions.campaign in ('every', candidates.campaign)
    left join {{ ref('campaign_waivers') }} as waivers
        on candidates.campaign = waivers.campaign
        and suppressions.reason = waivers.reason
    where waivers.campaign is null
    union all
    select
        first_touches.campaign,
        first_touches.campaign_week,
        first_touches.member_key,
        'no_consent' as reason
    from first_touches
    cross join settings
    left join permissions
        on first_touches.member_key = permissions.member_key
        and first_touches.channel = permissions.channel
        and settings.answer_purpose = permissions.purpose
        and first_touches.as_of_date >= permissions.changed_on
        and first_touches.as_of_date < permissions.next_on
    where not coalesce(permissions.is_allowed, false)
    union all
    select
        first_touches.campaign,
        first_touches.campaign_week,
        first_touches.member_key,
        'no_contact' as reason
    from first_touches
    left join contact_points
        on first_touches.member_key = contact_points.member_key
        and first_touches.channel = contact_points.channel
        and first_touches.as_of_date >= contact_points.known_on
    where contact_points.channel is null
    union all
    select
        campaign,
        campaign_week,
        member_key,
        'frequency_cap' as reason
    from without_room
    union all
    -- A step without its benefit in the member's store would promise what nobody can give.
    select
        candidates.campaign,
        candidates.campaign_week,
        candidates.member_key,
        'benefit_unavailable' as reason
    from candidates
    inner join steps on candidates.campaign = steps.campaign
    inner join {{ ref('dim_member') }} as members on candidates.member_key = members.member_key
    left join benefit_stores as offered
        on steps.benefit = offered.benefit
        and members.home_store_id = offered.store_id
    where steps.benefit in (select benefit_stores.benefit from benefit_stores) and offered.benefit is null
)

select distinct * from exclusions
