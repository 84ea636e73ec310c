-- Those never contacted and everybody else, from the first week that was sealed in the period of the holdout: before it
-- there was no program to differ by.
with holdouts as (
    select * from {{ ref('global_holdouts') }}
),

members as (
    select * from {{ ref('dim_member') }}
),

builds as (
    select * from {{ ref('stg_rekindle__builds') }}
),

started as (
    select
        holdouts.holdout,
        holdouts.salt,
        holdouts.share,
        holdouts.valid_to,
        min(seals.campaign_week) as starts_on
    from holdouts
    inner join {{ ref('stg_rekindle__sealed_weeks') }} as seals
        on holdouts.valid_from <= seals.campaign_week
        and holdouts.valid_to >= seals.campaign_week
    group by holdouts.holdout, holdouts.salt, holdouts.share, holdouts.valid_to
),

drawn as (
    select
        started.*,
        members.member_key,
        {{ hash_fraction('started.salt', 'members.member_key') }} < started.share as is_held_out
    from started
    cross join members
)

select
    drawn.holdout,
    drawn.member_key,
    case when drawn.is_held_out then 'held_out' else 'program' end as arm,
    cast(case when drawn.is_held_out then drawn.share else 1 - drawn.share end as decimal(9, 6)) as propensity,
    drawn.starts_on,
    least(drawn.valid_to, builds.as_of_date) as ends_on
from drawn
cross join builds
where drawn.starts_on <= builds.as_of_date
