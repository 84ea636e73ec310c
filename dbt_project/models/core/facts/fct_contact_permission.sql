-- The newest event of a day decides, and of several at the same moment a withdrawal does. Without any event there is no
-- row, and no permission.
with consents as (
    select * from {{ ref('int_consents') }}
),

moments as (
    select
        member_key,
        channel,
        purpose,
        happened_on,
        happened_at,
        min(case when is_granted then 1 else 0 end) as is_granted,
        row_number() over (
            partition by member_key, channel, purpose, happened_on
            order by happened_at desc
        ) as rank_of_day
    from consents
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
