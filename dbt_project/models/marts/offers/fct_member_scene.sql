-- Channel and trigger of the last thing a member did. Facts carry days, so of one day the purchase counts as the last.
with behaviour_events as (
    select * from {{ ref('fct_event') }}
),

orders as (
    select * from {{ ref('fct_order') }}
    where
        is_purchase
        and member_key is not null
),

scenes as (
    select * from {{ ref('scenes') }}
),

triggers as (
    select * from {{ ref('scene_events') }}
),

acts as (
    select
        behaviour_events.member_key,
        behaviour_events.happened_on as acted_on,
        behaviour_events.channel,
        triggers.scene as trigger_scene,
        0 as is_later,
        behaviour_events.event_id as act_id
    from behaviour_events
    inner join triggers on behaviour_events.event_type = triggers.event_type
    union all
    select
        member_key,
        ordered_on as acted_on,
        channel,
        'payment' as trigger_scene,
        1 as is_later,
        order_id as act_id
    from orders
),

ranked as (
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
    cross join {{ ref('offer_settings') }} as limits
    inner join {{ ref('dim_offer_date') }} as offer_dates
        on acts.acted_on <= offer_dates.as_of_date
        and {{ add_days('offer_dates.as_of_date', '-limits.trigger_days') }} < acts.acted_on
)

select
    ranked.member_key,
    ranked.as_of_date,
    scenes.scene
from ranked
inner join scenes on ranked.channel = scenes.scene or ranked.trigger_scene = scenes.scene
where ranked.recency_rank = 1
