-- Warnings exist on as-of dates only, so episodes live on the weekly grid: the Sundays of the build. One begins with a
-- warning after `quiet_days` without any. Where the Sundays before it do not reach back that far without a gap, it may
-- have begun earlier. Nothing else depends on which dates were asked for. What was done for the member, and what the
-- member did, counts from the day after on and up to the newest as-of date; whether one led to the other cannot be read
-- from it.
with warnings as (
    select * from {{ ref('member_history') }}
    where churn_level is not null
),

as_of_dates as (
    select * from {{ ref('dim_as_of_date') }}
),

touches as (
    select * from {{ ref('fct_touch') }}
),

tickets as (
    select * from {{ ref('fct_ticket') }}
),

purchase_days as (
    select * from {{ ref('int_purchase_days') }}
),

answers as (
    select * from {{ ref('warning_answers') }}
),

follow_up as (
    {{ settings('churn_settings', ['quiet_days', 'answer_days']) }}
),

sundays as (
    select
        as_of_date,
        lag(as_of_date) over (order by as_of_date) as previous_sunday_on,
        {{ add_days(week_start('as_of_date'), -1) }} as sunday_before_on
    from as_of_dates
    where campaign_week is not null
),

runs as (
    select
        as_of_date,
        max(case when previous_sunday_on = sunday_before_on then null else as_of_date end)
            over (order by as_of_date rows between unbounded preceding and current row) as run_from_on
    from sundays
),

warned as (
    select
        warnings.*,
        runs.run_from_on,
        lag(warnings.as_of_date) over (
            partition by warnings.member_key order by warnings.as_of_date
        ) as previous_warned_on
    from warnings
    inner join runs on warnings.as_of_date = runs.as_of_date
),

starts as (
    select
        warned.member_key,
        warned.as_of_date as started_on,
        warned.churn_level,
        warned.main_signal,
        warned.is_held_out,
        {{ add_days('warned.as_of_date', '-follow_up.quiet_days') }} >= warned.run_from_on as is_start_known,
        least({{ add_days('warned.as_of_date', 'follow_up.answer_days') }}, newest.as_of_date) as last_answer_on,
        newest.as_of_date as known_until_on
    from warned
    cross join follow_up
    inner join as_of_dates as newest on newest.is_newest
    where
        warned.previous_warned_on is null
        or {{ add_days('warned.previous_warned_on', 'follow_up.quiet_days') }} < warned.as_of_date
),

contacts as (
    select
        member_key,
        channel as contact_kind,
        sent_on as contacted_on
    from touches
    union all
    select
        member_key,
        'follow_up' as contact_kind,
        followed_up_on as contacted_on
    from touches
    union all
    select
        member_key,
        'ticket' as contact_kind,
        resolved_on as contacted_on
    from tickets
),

answered as (
    select
        starts.member_key,
        starts.started_on,
        contacts.contacted_on,
        contacts.contact_kind,
        row_number() over (
            partition by starts.member_key, starts.started_on
            order by contacts.contacted_on asc, answers.answer_order asc
        ) as answer_rank
    from starts
    inner join contacts
        on starts.member_key = contacts.member_key
        and starts.started_on < contacts.contacted_on
        and starts.last_answer_on >= contacts.contacted_on
    inner join answers on contacts.contact_kind = answers.answer
)

select
    starts.member_key,
    starts.started_on,
    starts.churn_level,
    starts.main_signal,
    starts.is_held_out,
    starts.is_start_known,
    answered.contacted_on as answered_on,
    answered.contact_kind as answer,
    purchase_days.purchased_on as returned_on,
    cast({{ days_between('starts.started_on', 'purchase_days.purchased_on') }} as integer) as days_to_return
from starts
left join answered
    on starts.member_key = answered.member_key
    and starts.started_on = answered.started_on
    and answered.answer_rank = 1
left join purchase_days
    on starts.member_key = purchase_days.member_key
    and starts.started_on >= purchase_days.previous_purchased_on
    and purchase_days.purchased_on between {{ add_days('starts.started_on', 1) }} and starts.known_until_on
