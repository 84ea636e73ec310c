-- The journey is as many touches as it has steps, sent after the silence began; who gives no sign of life until the
-- days for an answer to the last one are over is in the pool from the next moment on, and out of it with the first
-- sign. In it a member is left alone but for rare content: the next touch stands as many days after the last as the
-- rule says, whoever sent it.
with active_days as (
    select * from {{ ref('int_active_days') }}
    where lifecycle_scope = 'all'
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

silences as (
    select
        active_days.member_key,
        active_days.next_active_on,
        {{ add_days('active_days.active_on', 'rules.silent_after_days') }} as silent_from_on
    from active_days
    cross join rules
    where
        (active_days.has_purchase or active_days.purchase_days_before > 0)
        and coalesce(
            {{ days_between('active_days.active_on', 'active_days.next_active_on') }} > rules.silent_after_days, true
        )
),

journeys as (
    select
        silences.member_key,
        silences.silent_from_on,
        silences.next_active_on,
        min(touches.touch_number) as first_touch_number
    from silences
    inner join touches
        on silences.member_key = touches.member_key
        and silences.silent_from_on < touches.sent_on
    group by silences.member_key, silences.silent_from_on, silences.next_active_on
),

stays as (
    select
        journeys.member_key,
        journeys.next_active_on as left_on,
        {{ add_days('touches.sent_on', 'rules.answer_days') }} as entered_on
    from journeys
    cross join rules
    inner join touches
        on journeys.member_key = touches.member_key
        and journeys.first_touch_number + rules.journey_touches - 1 = touches.touch_number
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
