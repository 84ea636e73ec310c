-- The member's half of a rule: tag and scene. Scenes of the calendar hold for everybody on any day the offer is for.
with rules as (
    select * from {{ ref('offer_rules') }}
),

members as (
    select
        activity.member_key,
        activity.as_of_date
    from {{ ref('member_activity') }} as activity
    inner join {{ ref('dim_offer_date') }} as offer_dates on activity.as_of_date = offer_dates.as_of_date
),

member_tags as (
    select * from {{ ref('fct_member_tag') }}
),

member_scenes as (
    select * from {{ ref('fct_member_scene') }}
),

calendar_scenes as (
    select distinct
        offer_dates.as_of_date,
        scene_days.scene
    from {{ ref('dim_offer_date') }} as offer_dates
    cross join {{ ref('offer_settings') }} as limits
    inner join {{ ref('fct_scene_day') }} as scene_days
        on offer_dates.as_of_date < scene_days.scene_on
        and {{ add_days('offer_dates.as_of_date', 'limits.valid_days') }} >= scene_days.scene_on
)

select
    members.member_key,
    members.as_of_date,
    rules.rule
from members
cross join rules
left join member_tags
    on members.member_key = member_tags.member_key
    and members.as_of_date = member_tags.as_of_date
    and rules.member_tag = member_tags.tag
left join member_scenes
    on members.member_key = member_scenes.member_key
    and members.as_of_date = member_scenes.as_of_date
    and rules.scene = member_scenes.scene
left join calendar_scenes
    on members.as_of_date = calendar_scenes.as_of_date
    and rules.scene = calendar_scenes.scene
where
    (rules.member_tag is null or member_tags.tag is not null)
    and (rules.scene is null or member_scenes.scene is not null or calendar_scenes.scene is not null)
