-- The periods of int_identity__history, and why each began.
with history as (
    select * from {{ ref('int_identity__history') }}
),

states as (
    select * from {{ ref('int_identity__states') }}
),

members as (
    select * from {{ ref('int_identity__members') }}
),

decisions as (
    select * from {{ ref('stg_rekindle__identity_decisions') }}
),

decided as (
    select
        states.kin,
        decisions.decided_on,
        max(case when decisions.is_merge then 1 else 0 end) = 1 as is_merge,
        min(case when decisions.is_merge then 1 else 0 end) = 0 as is_apart
    from decisions
    inner join states
        on decisions.record_key = states.record_key
        and decisions.decided_on = states.known_on
    group by states.kin, decisions.decided_on
),

changes as (
    select
        *,
        row_number() over (partition by record_key order by known_on) as change_number,
        lead(known_on, 1, {{ end_of_time() }}) over (partition by record_key order by known_on) as next_on
    from (
        select
            *,
            lag(member_key) over (partition by record_key order by known_on) as former_member_key
        from history
    ) as compared
    where coalesce(former_member_key <> member_key, true)
)

select
    changes.record_key,
    cast(changes.change_number as integer) as change_number,
    changes.member_key,
    changes.known_on as began_on,
    changes.next_on as ended_on,
    members.member_key as newest_member_key,
    case
        when changes.change_number = 1 and changes.member_key = changes.record_key then 'first_seen'
        when changes.change_number > 1 and decided.is_apart then 'kept_apart'
        when decided.is_merge then 'by_hand'
        when changes.shared_identifier is not null then changes.shared_identifier
        when changes.member_key = changes.record_key then 'no_link'
        else 'by_hand'
    end as reason
from changes
inner join members on changes.record_key = members.record_key
left join states on changes.record_key = states.record_key and changes.known_on = states.known_on
left join decided on states.kin = decided.kin and states.known_on = decided.decided_on
