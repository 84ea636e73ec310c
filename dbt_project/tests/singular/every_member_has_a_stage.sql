{{ config(meta={'dagster': {'ref': {'name': 'member_lifecycle'}}}) }}

select
    activity.member_key,
    lifecycle.member_key as staged_member_key
from {{ ref('member_activity') }} as activity
full outer join {{ ref('member_lifecycle') }} as lifecycle
    on activity.member_key = lifecycle.member_key
    and activity.as_of_date = lifecycle.as_of_date
where
    activity.member_key is null
    or lifecycle.member_key is null
