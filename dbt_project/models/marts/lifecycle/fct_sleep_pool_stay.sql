-- The journey is as many touches as it has steps, sent after the silence began; who gives no sign of life until the
-- days for an answer to the last one are over is in the pool from the next moment on, and out of it with the first
-- sign.
with member_days as (
    select * from {{ ref('int_member_days') }}
),

touches as (
    select * from {{ ref('int_touch_responses') }}
),

builds as (
    select * from {{ ref('stg_rekindle__builds') }}
),

rules as (
    {{ settings('lifecycle_settings', ['silent_after_days', 'journey_touches', 'answer_days']) }}
),

active_days as (
    select
        member_key,
        activity_on,
        purchase_days,
        lead(activity_on) over (partition by member_key order by activity_on) as next_active_on,
        lead(last_purchase_on) over (partition by member_key order by activity_on) as last_purchase_then_on
    from member_days
    where active_on is not null
),

silences as (
    select
        active_days.member_key,
        active_days.activity_on as quiet_since_on,
        active_days.next_active_on,
        active_days.last_purchase_then_on,
        rules.answer_days,
        coalesce(at_start.touches, 0) + rules.journey_touches as last_touch_number
    from active_days
    cross join rules
    left join member_days as at_start
        on active_days.member_key = at_start.member_key
        and {{ add_days('active_days.activity_on', 'rules.silent_after_days') }} >= at_start.activity_on
        and {{ add_days('active_days.activity_on', 'rules.silent_after_days') }} < at_start.next_on
    where
        active_days.purchase_days > 0
        and coalesce(
            {{ days_between('active_days.activity_on', 'active_days.next_active_on') }} > rules.silent_after_days, true
        )
),

entries as (
    select
        silences.*,
        touches.sent_on as journey_ended_on,
        {{ add_days('touches.sent_on', 'silences.answer_days') }} as entered_on
    from silences
    inner join touches
        on silences.member_key = touches.member_key
        and silences.last_touch_number = touches.touch_number
)

select
    entries.member_key,
    entries.quiet_since_on,
    entries.journey_ended_on,
    entries.entered_on,
    case when entries.next_active_on <= builds.as_of_date then entries.next_active_on end as left_on,
    case
        when entries.next_active_on > builds.as_of_date or entries.next_active_on is null then 'still_there'
        when entries.last_purchase_then_on = entries.next_active_on then 'purchase'
        else 'interaction'
    end as left_by
from entries
cross join builds
where
    entries.entered_on <= builds.as_of_date
    and coalesce(entries.entered_on < entries.next_active_on, true)
