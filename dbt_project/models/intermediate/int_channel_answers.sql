-- Whether a member may be reached on a channel, answer by answer; a block counts as a refusal. Of one day's answers the
-- refusal stands last.
with consents as (
    select * from {{ ref('stg_chain__consents') }}
    where purpose = 'marketing'
),

member_records as (
    select * from {{ ref('int_member_records') }}
),

touches as (
    select * from {{ ref('int_touches') }}
    where blocked_on is not null
),

answers as (
    select
        member_records.member_key,
        consents.channel,
        consents.happened_on as answered_on,
        consents.is_granted
    from consents
    inner join member_records
        on consents.source = member_records.source
        and consents.system = member_records.system
        and consents.member_id = member_records.member_id
    union all
    select
        member_key,
        channel,
        blocked_on as answered_on,
        false as is_granted
    from touches
)

select
    member_key,
    channel,
    answered_on,
    cast(row_number() over (
        partition by member_key, channel order by answered_on, case when is_granted then 0 else 1 end
    ) as integer) as answer_number,
    is_granted,
    lag(is_granted) over (
        partition by member_key, channel order by answered_on, case when is_granted then 0 else 1 end
    ) as is_granted_before
from answers
