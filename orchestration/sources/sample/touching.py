"""What is sent to the simulated members and what they answer.

Belongs here: touches of a chunk of persons, responses, the planted effect of a touch,
    patterns of silence in touches.
Does not: the orders a touch causes (ordering), coupons (aftermath).

Every draw in the modules of a chunk is a function of (seed, stream, row),
    so neither the number of threads nor
the size of a chunk changes a row; only order numbers count orders by time within a chunk.
"""

from __future__ import annotations

# Probability that a delivered touch causes one extra purchase within three days, by the member's planted
# stage: in ordinary times, in a promotion window. Silent members respond more than loyal ones.
TOUCH_EFFECTS = {
    "prospect": (0.002, 0.004),
    "new": (0.010, 0.014),
    "growing": (0.008, 0.012),
    "stable": (0.004, 0.006),
    "silent": (0.020, 0.035),
    "churned": (0.004, 0.010),
}

# The same for an exported touch: a campaign that chose its member is worth more than one message among many.
EXPORT_EFFECTS = {
    "prospect": (0.020, 0.030),
    "new": (0.060, 0.080),
    "growing": (0.050, 0.060),
    "stable": (0.030, 0.040),
    "silent": (0.100, 0.140),
    "churned": (0.040, 0.060),
}

# Planned touches by channel: share (cumulated), opening rate in ordinary times, cost.
CHANNELS = {
    "wechat": (0.40, 0.050, 0.01),
    "sms": (0.70, 0.027, 0.05),
    "push": (0.85, 0.040, 0.002),
    "email": (0.95, 0.032, 0.004),
    "call": (1.00, 0.300, 2.5),
}

# One touch in ten days, and for those who will tire of them six times as many before they leave.
# A touch's number (person, slot) is scrambled into its id so that ids say nothing about persons.
TOUCHES = """
create temp table touches_made as
with planned as (
    select person, slot, greatest(registered_s, 0)
        + cast((slot + draw('touch day', person * 256 + slot)) * 10 * 86400 as bigint)
        as rough_s, null as planned_touch_id
    from (
        select person, registered_s,
            unnest(range((getvariable('horizon') - greatest(registered_s, 0)) // (10 * 86400) + 1)) as slot
        from persons
        where person >= $first and person < $last
    )
    where draw('touched', person * 256 + slot) < 0.93
    union all
    select person, 128
        + slot, dropout_s - cast((slot + draw('touch day', person * 256 + 128 + slot)) * 2 * 86400 as bigint),
        null
    from (
        select person, dropout_s, unnest(range(45)) as slot
        from persons
        where person >= $first and person < $last and cause = 'touch_fatigue'
    )
    union all
    select person, 112
        + slot, misled_s + cast((slot + draw('touch day', person * 256 + 112 + slot)) * 3 * 86400 as bigint),
        null
    from (
        select person, misled_s, unnest(range(8)) as slot
        from persons
        where person >= $first and person < $last and false_trace = 'touch_fatigue'
    )
    union all
    select person, slot, (sent_on - getvariable('first_day')) * 86400, planned_touch_id
    from sent_touches
    where person >= $first and person < $last
),
timed as (
    select
        *,
        person * 256 + slot as raw,
        rough_s // 86400 * 86400 + 9 * 3600
            + cast(39600 * draw('touch hour', person * 256 + slot) as bigint) as planned_s,
    from planned
    where rough_s >= 0
),
staged as (
    select
        timed.raw,
        timed.person,
        timed.planned_s,
        calendar.promotion,
        sent_touches.planned_touch_id,
        sent_touches.channel as sent_channel,
        sent_touches.campaign as sent_campaign,
        sent_touches.benefit as sent_benefit,
        sent_touches.is_coupon,
        sent_touches.value_amount,
        sent_touches.valid_days,
        persons.* exclude (person),
        draw('channel', raw) as channel_draw,
        case
            when persons.is_prospect or planned_s < first_s then 'prospect'
            when planned_s > dropout_s + 180 * 86400 then 'churned'
            when planned_s > dropout_s then 'silent'
            when planned_s >= pause_from_s and planned_s < pause_to_s then 'silent'
            when planned_s < first_s + 30 * 86400 then 'new'
            when planned_s < first_s + 90 * 86400 then 'growing'
            else 'stable'
        end as stage,
    from timed
    join persons on timed.person = persons.person
    join calendar on timed.planned_s // 86400 = calendar.day
    left join sent_touches on timed.planned_touch_id = sent_touches.planned_touch_id
    where planned_s > registered_s and planned_s < getvariable('horizon')
),
sent as (
    select
        staged.* exclude (channel_draw),
        touch_channels.channel,
        touch_channels.open_rate,
        touch_channels.cost,
        planned_touch_id is null and draw('capped', raw) < 0.04 as is_capped,
        draw('delivered', raw) < case
            when cause = 'not_reached' and planned_s > dropout_s - 120 * 86400 then 0.08
            when false_trace = 'not_reached' and planned_s between misled_s and misled_s + 40 * 86400
                then 0.08
            else 0.965 end
            as arrives,
        case when promotion is not null then effect_in_promotion else effect end as effect,
    from staged
    join touch_channels on coalesce(
        sent_channel = touch_channels.channel,
        channel_draw >= touch_channels.from_share and channel_draw < touch_channels.to_share
    )
    join touch_effects on staged.stage = touch_effects.stage
        and (sent_channel is not null) = touch_effects.is_exported
    where withdrawn_s is null or planned_s < withdrawn_s or withdrawn_channel <> touch_channels.channel
),
answered as (
    select
        *,
        arrives and not is_capped as is_delivered,
        arrives and not is_capped and draw('effect', raw) < effect as is_cause,
        open_rate
        * case when promotion is not null and channel <> 'call' then 4.8 else 1 end
        * case stage when 'silent' then 1.25 when 'stable' then 0.9 else 1 end
        * case
            when channel = 'call' then 1
            when false_trace = 'benefit_unattractive'
                and planned_s between misled_s - 90 * 86400 and misled_s + 90 * 86400 then 4
            when false_trace = 'content_uninteresting'
                and planned_s between misled_s and misled_s + 60 * 86400 then 0.2
            when dropout_s is null then 1
            when cause = 'benefit_unattractive' then 4
            when cause = 'content_uninteresting' and planned_s < dropout_s - 150 * 86400 then 3
            when cause = 'content_uninteresting'
                then greatest(0, 3.0 * (dropout_s - planned_s) / (150 * 86400))
            else 1
        end as opening,
        case when cause = 'touch_fatigue' and planned_s > dropout_s - 75 * 86400 then 40 else 1 end
            as annoyance,
    from sent
)
select
    raw,
    person,
    planned_s,
    stage,
    promotion,
    channel,
    planned_touch_id,
    sent_campaign,
    sent_benefit,
    value_amount,
    valid_days,
    case
        when from_3_s <= planned_s and draw('touched record', raw) < 0.34 then system_3
        when from_2_s <= planned_s and draw('touched record', raw) < 0.50 then system_2
        else system_1
    end as system,
    case
        when from_3_s <= planned_s and draw('touched record', raw) < 0.34 then member_id_3
        when from_2_s <= planned_s and draw('touched record', raw) < 0.50 then member_id_2
        else member_id_1
    end as member_id,
    is_capped,
    is_delivered,
    is_cause,
    cost,
    is_delivered and coalesce(
        is_coupon, draw('benefit', raw) < case when cause = 'benefit_unattractive' then 0.7 else 0.38 end
    ) as has_benefit,
    is_delivered and (is_cause or draw('opens', raw) < opening) as is_opened,
    is_delivered and (is_cause or (draw('opens', raw) < opening and draw('clicks', raw) < 0.32))
        as is_clicked,
    is_delivered and draw('unsubscribes', raw) < 0.0008 * annoyance as is_unsubscribed,
    is_delivered and draw('complains', raw) < 0.0002 * annoyance as is_complained,
    is_delivered and draw('blocks', raw) < 0.0003 * annoyance as is_blocked,
    planned_s + 1 + cast(90 * draw('sent', raw) as bigint) as sent_s,
    planned_s + 120 + cast(-14400 * ln(1 - draw('reads', raw)) as bigint) as read_s,
from answered
"""

TOUCH_ROWS = """
    select
        scrambled(raw) as touch_id,
        system,
        member_id,
        coalesce(
            promotion,
            case stage
                when 'prospect' then 'first_order'
                when 'new' then 'welcome'
                when 'growing' then 'habit'
                when 'stable' then 'replenish'
                when 'silent' then 'wake_up'
                else 'win_back'
            end
        ) as campaign_code,
        channel,
        at_utc(planned_s) as planned_at,
        case when is_capped then at_utc(planned_s) end as capped_at,
        case when not is_capped then at_utc(sent_s) end as sent_at,
        case when is_delivered then at_utc(sent_s + 5) end as delivered_at,
        case when is_opened and channel <> 'call' then seen_by_end(read_s) end as opened_at,
        case when is_clicked and channel <> 'call' then seen_by_end(read_s + 20) end as clicked_at,
        case when is_opened and channel = 'call' then at_utc(sent_s + 15) end as connected_at,
        case when is_clicked and channel = 'call' then seen_by_end(planned_s + 86400) end as followed_up_at,
        case when is_unsubscribed then seen_by_end(read_s + 60) end as unsubscribed_at,
        case when is_complained then seen_by_end(read_s + 600) end as complained_at,
        case when is_blocked then seen_by_end(read_s + 90) end as blocked_at,
        case when is_capped then 0 else cost end as cost_amount,
    from touches_made
    where planned_touch_id is null
"""

# What the sending tools hand back about exported touches.
RECEIPT_ROWS = """
    select
        planned_touch_id,
        at_utc(sent_s) as sent_at,
        case when is_delivered then at_utc(sent_s + 5) end as delivered_at,
        case when is_opened and channel <> 'call' then seen_by_end(read_s) end as opened_at,
        case when is_clicked and channel <> 'call' then seen_by_end(read_s + 20) end as clicked_at,
        case when is_opened and channel = 'call' then at_utc(sent_s + 15) end as connected_at,
        case when is_unsubscribed then seen_by_end(read_s + 60) end as unsubscribed_at,
        case when is_complained then seen_by_end(read_s + 600) end as complained_at,
        case when is_blocked then seen_by_end(read_s + 90) end as blocked_at,
        cost as cost_amount,
    from touches_made
    where planned_touch_id is not null
"""
