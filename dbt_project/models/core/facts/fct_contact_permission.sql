-- The newest consent event of a day decides, and of several at the same moment a withdrawal does. Without any event
-- there is no row, and no permission.
with consents as (
    select * from {{ ref('stg_chain__consents') }}
),

member_records as (
    select * from {{ ref('int_identity__members') }}
),

contact_points as (
    select * from {{ ref('int_contact_points') }}
),

touches as (
    select * from {{ ref('fct_touch') }}
),

unreadable as (
    select * from {{ ref('int_unreadable_consents') }}
),

purposes as (
    select distinct purpose from consents
),

-- Unsubscribing from a message or blocking its sender withdraws marketing, and is the last word of its day. What cannot
-- be read withdraws whatever it may have been about.
events as (
    select
        member_records.member_key,
        consents.channel,
        consents.purpose,
        consents.is_granted,
        consents.happened_at,
        consents.happened_on
    from consents
    inner join member_records
        on consents.source = member_records.source
        and consents.system = member_records.system
        and consents.member_id = member_records.member_id
    {%- for opted_out_on in ['unsubscribed_on', 'blocked_on'] %}
    union all
    select
        member_key,
        channel,
        'marketing' as purpose,
        false as is_granted,
        cast({{ add_days(opted_out_on, 1) }} as timestamp) as happened_at,
        {{ opted_out_on }} as happened_on
    from touches
    where {{ opted_out_on }} is not null
    {%- endfor %}
    union all
    select
        unreadable.member_key,
        contact_points.channel,
        purposes.purpose,
        false as is_granted,
        unreadable.happened_at,
        unreadable.happened_on
    from unreadable
    inner join contact_points
        on unreadable.record_key = contact_points.record_key
        and coalesce(unreadable.channel, contact_points.channel) = contact_points.channel
    inner join purposes on coalesce(unreadable.purpose, purposes.purpose) = purposes.purpose
),

-- A grant counts for the member who gave it; a withdrawal for everyone who is reached under the same contact point.
heard as (
    select * from events
    union all
    select
        sharing.member_key,
        events.channel,
        events.purpose,
        events.is_granted,
        events.happened_at,
        events.happened_on
    from events
    inner join contact_points as withdrawn
        on events.member_key = withdrawn.member_key
        and events.channel = withdrawn.channel
    inner join contact_points as sharing
        on withdrawn.channel = sharing.channel
        and withdrawn.contact_point = sharing.contact_point
    where not events.is_granted
),

moments as (
    select
        member_key,
        channel,
        purpose,
        happened_on,
        happened_at,
        min(case when is_granted then 1 else 0 end) as is_granted,
        row_number() over (partition by member_key, channel, purpose, happened_on order by happened_at desc) as rank_of_day
    from heard
    group by member_key, channel, purpose, happened_on, happened_at
)

select
    member_key,
    channel,
    purpose,
    is_granted = 1 as is_allowed,
    happened_on as changed_on,
    coalesce(
        lead(happened_on) over (partition by member_key, channel, purpose order by happened_on),
        {{ end_of_time() }}
    ) as next_on,
    cast(
        row_number() over (partition by member_key, channel, purpose order by happened_on) as integer
    ) as change_number,
    lag(is_granted = 1) over (partition by member_key, channel, purpose order by happened_on) as is_allowed_before
from moments
where rank_of_day = 1
