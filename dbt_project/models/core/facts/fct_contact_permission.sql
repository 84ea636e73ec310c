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

addresses as (
    select * from {{ ref('export_addresses') }}
),

{{ persons_who_spoke_and_their_touches() }},

unreadable as (
    select * from {{ ref('int_unreadable_consents') }}
),

settings as (
    {{ settings('campaign_settings', ['answer_purpose']) }}
),

purposes as (
    select purpose from consents
    union
    select answer_purpose as purpose from settings
),

-- Unsubscribing from a message, complaining about it or blocking its sender withdraws what campaigns need, and is the
-- last word of its day. What cannot be read withdraws whatever it may have been about. Nobody says anything after it
-- was told: a later date is an error, that makes neither an opt-out wait nor a grant outlast one.
events as (
    select
        persons.member_key,
        consents.channel,
        consents.purpose,
        consents.is_granted,
        case
            when consents.is_granted and consents.happened_on > consents.reported_on
                then cast(consents.reported_on as timestamp)
            else consents.happened_at
        end as happened_at,
        least(consents.happened_on, consents.reported_on) as happened_on
    from consents
    inner join persons
        on consents.source = persons.source
        and consents.member_id = persons.member_id
        -- A withdrawal under a system that nobody is registered in is of whoever has the number.
        and (consents.system = persons.system or {{ is_withdrawn_by_an_unknown_system() }})
    {%- for opted_out_on in ['unsubscribed_on', 'complained_on', 'blocked_on'] %}
    union all
    select
        touches.member_key,
        touches.channel,
        settings.answer_purpose as purpose,
        false as is_granted,
        cast({{ add_days('least(touches.' ~ opted_out_on ~ ', touches.reported_on)', 1) }} as timestamp) as happened_at,
        least(touches.{{ opted_out_on }}, touches.reported_on) as happened_on
    from touches
    cross join settings
    where touches.{{ opted_out_on }} is not null
    {%- endfor %}
    union all
    select
        unreadable.member_key,
        addresses.channel,
        purposes.purpose,
        false as is_granted,
        unreadable.happened_at,
        unreadable.happened_on
    from unreadable
    inner join addresses on coalesce(unreadable.channel, addresses.channel) = addresses.channel
    inner join purposes on coalesce(unreadable.purpose, purposes.purpose) = purposes.purpose
    where unreadable.member_key <> 0
),

-- A grant counts for the member who gave it. A withdrawal counts for everyone who was reached under the same address
-- then or is since, and for every record that was one person with the member's: it stays when a number changes.
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
        and events.happened_on <= withdrawn.replaced_on
    inner join contact_points as sharing
        on withdrawn.contact_point = sharing.contact_point
        and withdrawn.member_key <> sharing.member_key
        and events.happened_on <= sharing.replaced_on
    left join addresses on events.channel = addresses.channel and withdrawn.identifier_type = addresses.address
    where
        not events.is_granted
        and (
            addresses.channel is not null
            or (withdrawn.is_link and coalesce(withdrawn.linked_as = sharing.linked_as, true))
        )
),

moments as (
    select
        member_key,
        channel,
        purpose,
        happened_on,
        happened_at,
        min(case when is_granted then 1 else 0 end) as is_granted,
        row_number() over (partition by member_key, channel, purpose, happened_on order by happened_at desc) as day_rank
    from heard
    where member_key in (select member_records.member_key from member_records)
    group by member_key, channel, purpose, happened_on, happened_at
)

select
    member_key,
    channel,
    purpose,
    is_granted = 1 as is_allowed,
    happened_on as changed_on,
    lead(happened_on, 1, {{ end_of_time() }})
        over (partition by member_key, channel, purpose order by happened_on) as next_on,
    cast(row_number() over (partition by member_key, channel, purpose order by happened_on) as integer)
        as change_number,
    lag(is_granted = 1) over (partition by member_key, channel, purpose order by happened_on) as is_allowed_before
from moments
where day_rank = 1
