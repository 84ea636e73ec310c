-- Those never contacted and everybody else, from the first week that was sealed in the period of the holdout: before it
-- there was no program to differ by. Keys of the ledger are those of records: who was two members once, one of them
-- held out and one not, was half of each.
with holdouts as (
    select * from {{ ref('global_holdouts') }}
),

members as (
    select * from {{ ref('dim_member') }}
),

builds as (
    select * from {{ ref('stg_rekindle__builds') }}
),

sealed as (
    select * from {{ ref('stg_rekindle__sealed_decisions') }}
),

member_records as (
    select * from {{ ref('int_identity__members') }}
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
),

drawn_otherwise as (
    select distinct
        drawn.holdout,
        drawn.member_key
    from drawn
    inner join member_records on drawn.member_key = member_records.member_key
    inner join sealed
        on member_records.record_key = sealed.member_key
        and drawn.starts_on <= sealed.campaign_week
        and drawn.valid_to >= sealed.campaign_week
    where ({{ hash_fraction('drawn.salt', 'sealed.member_key') }} < drawn.share) <> drawn.is_held_out
)

select
    drawn.holdout,
    drawn.member_key,
    case when drawn.is_held_out then 'held_out' else 'program' end as arm,
    cast(case when drawn.is_held_out then drawn.share else 1 - drawn.share end as decimal(9, 6)) as propensity,
    drawn_otherwise.member_key is not null as is_in_two_arms,
    drawn.starts_on,
    least(drawn.valid_to, builds.as_of_date) as ends_on
from drawn
cross join builds
left join drawn_otherwise
    on drawn.holdout = drawn_otherwise.holdout
    and drawn.member_key = drawn_otherwise.member_key
where drawn.starts_on <= builds.as_of_date
