-- In the pool a member is left alone but for rare content: the next touch stands as many days after the last as the
-- rule says, whoever sent it.
with stays as (
    select * from {{ ref('fct_sleep_pool_stay') }}
),

activity as (
    select * from {{ ref('member_activity') }}
),

touches as (
    select * from {{ ref('int_touch_responses') }}
),

rules as (
    {{ settings('lifecycle_settings', ['rare_touch_days']) }}
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
