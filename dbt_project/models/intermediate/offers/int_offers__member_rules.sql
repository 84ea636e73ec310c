-- The member's half of a rule: tag and scene. Scenes of the calendar hold for everybody on any day the offer is for;
-- channel and trigger are those of the last thing a member did. Facts carry days, so of one day the purchase counts as
-- the last.
with rules as (
    select * from {{ ref('offer_rules') }}
),

offer_dates as (
    select * from {{ ref('int_offers__dates') }}
),

settings as (
    {{ settings('tag_settings', ['valid_days', 'trigger_days']) }}
),

members as (
    select
        activity.member_key,
        activity.as_of_date
    from {{ ref('member_activity') }} as activity
    inner join offer_dates on activity.as_of_date = offer_dates.as_of_date
),

member_tags as (
    select * from {{ ref('fct_member_tag') }}
),

acts as (
    select
        behaviour_events.member_key,
        behaviour_events.happened_on as acted_on,
        behaviour_events.channel,
        triggers.scene as trigger_scene,
        0 as is_later,
        behaviour_events.event_key as act_id
    from {{ ref('fct_event') }} as behaviour_events
    inner join {{ ref('scene_events') }} as triggers on behaviour_events.event_type = triggers.event_type
    union all
    select
        member_key,
        ordered_on as acted_on,
        channel,
        'payment' as trigger_scene,
        1 as is_later,
        order_key as act_id
    from {{ ref('fct_order') }}
    where
        is_purchase
        and member_key is not null
),

ranked_acts as (
    select
        acts.member_key,
        offer_dates.as_of_date,
        acts.channel,
        acts.trigger_scene,
        row_number() over (
            partition by acts.member_key, offer_dates.as_of_date
            order by acts.acted_on desc, acts.is_later desc, acts.act_id desc, acts.trigger_scene asc, acts.channel asc
        ) as recency_rank
    from acts
    cross join settings
    inner join offer_dates
        on acts.acted_on <= offer_dates.as_of_date
        and {{ add_days('offer_dates.as_of_date', '-settings.trigger_days') }} < acts.acted_on
),

last_acts as (
    select * from ranked_acts
    where recency_rank = 1
),

calendar_scenes as (
    select distinct
        offer_dates.as_of_date,
        scene_days.scene
    from offer_dates
    cross join settings
    inner join {{ ref('int_offers__scene_days') }} as scene_days
        on offer_dates.as_of_date < scene_days.scene_on
        and {{ add_days('offer_dates.as_of_date', 'settings.valid_days') }} >= scene_days.scene_on
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
left join last_acts
    on members.member_key = last_acts.member_key
    and members.as_of_date = last_acts.as_of_date
left join calendar_scenes
    on members.as_of_date = calendar_scenes.as_of_date
    and rules.scene = calendar_scenes.scene
where
    (rules.member_tag is null or member_tags.tag is not null)
    and (
        rules.scene is null
        or rules.scene = last_acts.channel
        or rules.scene = last_acts.trigger_scene
        or calendar_scenes.scene is not null
    )
