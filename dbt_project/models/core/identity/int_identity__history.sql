-- The linkage of int_identity__links and int_identity__members once more, on every earlier day on which it may have
-- come out differently; the last day of each record is what holds now. Nothing of one day may meet what is of another.
with states as (
    select * from {{ ref('int_identity__states') }}
),

records as (
    select * from {{ ref('int_identity__records') }}
),

members as (
    select * from {{ ref('int_identity__members') }}
),

present_links as (
    select * from {{ ref('int_identity__links') }}
),

rules as (
    select
        *,
        priority = min(priority) over () as is_strongest
    from {{ ref('identifiers') }}
),

blocked as (
    select * from {{ ref('stg_rekindle__blocked_identifiers') }}
),

decisions as (
    select * from {{ ref('stg_rekindle__identity_decisions') }}
),

{%- set day = "'@' || cast(known_on as " ~ dbt.type_string() ~ ")" %}

past as (
    select
        {{ text_key("cast(record_key as " ~ dbt.type_string() ~ ") || " ~ day) }} as record_key,
        record_key as own_record_key,
        known_on,
        cast(row_number() over (order by known_on, anchor_rank) as bigint) as anchor_rank,
        {{ day }} as day_text,
        is_guest,
        name_pseudonym,
        union_id_pseudonym,
        card_pseudonym,
        phone_pseudonym,
        email_pseudonym
    from states
    where not is_present
),

{{ evaluated_links('past', within='day_text') }},

past_decisions as (
    select
        decisions.decision_id || own.day_text as decision_id,
        decisions.is_merge,
        own.record_key,
        other_past.record_key as other_record_key
    from decisions
    inner join past as own
        on decisions.record_key = own.own_record_key
        and decisions.decided_on <= own.known_on
        and coalesce(decisions.ended_on > own.known_on, true)
    inner join past as other_past
        on decisions.other_record_key = other_past.own_record_key
        and own.known_on = other_past.known_on
),

{{ one_person('past', 'evaluated', 'past_decisions') }},

history as (
    select
        past.own_record_key as record_key,
        past.known_on,
        anchors.own_record_key as member_key,
        past.record_key as state_key
    from persons
    inner join past on persons.record_key = past.record_key
    inner join past as anchors on persons.anchor_rank = anchors.anchor_rank
    union all
    select
        members.record_key,
        coalesce(states.known_on, records.first_delivered_on) as known_on,
        members.member_key,
        members.record_key as state_key
    from members
    inner join records on members.record_key = records.record_key
    left join states on members.record_key = states.record_key and states.is_present
),

-- The strongest identifier that a record shares with another of its member.
shared as (
    select
        state_key,
        min(priority) as priority
    from (
        select
            history.state_key,
            held.priority,
            count(*) over (partition by held.link_key, history.member_key) as holders
        from history
        inner join (
            select
                record_key,
                link_key,
                priority
            from evaluated
            union all
            select
                record_key,
                link_key,
                priority
            from present_links
        ) as held on history.state_key = held.record_key
        where
            held.link_key is not null
            and history.member_key in (
                select parted.member_key
                from history as parted
                where parted.member_key <> parted.record_key
            )
    ) as counted
    where holders > 1
    group by state_key
)

select
    history.record_key,
    history.known_on,
    history.member_key,
    rules.identifier_type as shared_identifier
from history
left join shared on history.state_key = shared.state_key
left join rules on shared.priority = rules.priority
