-- The journey is as many touches as it has steps, sent after the silence began; who gives no sign of life until the
-- days for an answer to the last one are over is in the pool from the next moment on, and out of it with the first
-- sign. In it a member is left alone but for rare content: the next touch stands as many days after the last as the
-- rule says, whoever sent it.
with member_days as (
    select * from {{ ref('int_member_days') }}
),

activity as (
    select * from {{ ref('member_activity') }}
),

touches as (
    select * from {{ ref('int_touch_responses') }}
),

rules as (
    {{ settings('lifecycle_settings', ['silent_after_days', 'journey_touches', 'answer_days', 'rare_touch_days']) }}
),

active_days as (
    select
        member_key,
        activity_on,
        purchase_days,
        lead(activity_on) over (partition by member_key order by activity_on) as next_active_on
    from member_days
    where active_on is not null
),

silences as (
    select
        active_days.member_key,
        active_days.next_active_on,
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

stays as (
    select
        silences.member_key,
        silences.next_active_on as left_on,
        {{ add_days('touches.sent_on', 'silences.answer_days') }} as entered_on
    from silences
    inner join touches
        on silences.member_key = touches.member_key
        and silences.last_touch_number = touches.touch_number
)

select
    activity.member_key,
    activity.as_of_date,
    stays.entered_on,
    {{ days_between('stays.entered_on', 'activity.as_of_date') }} as days_in_pool,
    activity.touches_since_active,
    touches.sent_on as last_touch_on,
    {{ add_days('touches.sent_on', 'rules.rare_touch_days') }} as next_touch_on,
    {{ add_days('touches.sent_on', 'rules.rare_touch_days') }} <= activity.as_of_date as is_touch_due
from activity
inner join stays
    on activity.member_key = stays.member_key
    and activity.as_of_date >= stays.entered_on
    and coalesce(activity.as_of_date < stays.left_on, true)
inner join touches
    on activity.member_key = touches.member_key
    and activity.touches = touches.touch_number
cross join rules
