-- A member counts once per experiment, from the first sealed entry, in the arm drawn then, contacted or not. Keys of
-- the ledger are those of records: who was two members once and drawn as each may be in two arms, and then shows the
-- effect of neither.
with experiments as (
    select * from {{ ref('experiments') }}
),

entries as (
    select * from {{ ref('stg_rekindle__sealed_decisions') }}
    where is_included
),

member_records as (
    select * from {{ ref('int_identity__members') }}
),

ranked as (
    select
        entries.*,
        experiments.experiment,
        member_records.member_key as key_of_today,
        row_number() over (
            partition by experiments.experiment, entries.member_key
            order by entries.campaign_week
        ) as entry_no_of_key,
        row_number() over (
            partition by experiments.experiment, member_records.member_key
            order by entries.campaign_week, entries.member_key
        ) as entry_no
    from experiments
    inner join entries
        on experiments.campaign = entries.campaign
        and experiments.valid_from <= entries.campaign_week
        and coalesce(experiments.valid_to, {{ end_of_time() }}) >= entries.campaign_week
    inner join member_records on entries.member_key = member_records.record_key
),

firsts as (
    select
        *,
        min(case when entry_no_of_key = 1 then arm end) over (partition by experiment, key_of_today) as lowest_arm,
        max(case when entry_no_of_key = 1 then arm end) over (partition by experiment, key_of_today) as highest_arm
    from ranked
)

select
    experiment,
    campaign,
    key_of_today as member_key,
    campaign_week,
    arm,
    arm_role,
    propensity,
    lowest_arm <> highest_arm as is_in_two_arms,
    stage,
    silence_tier,
    silence_cause,
    value_tier,
    region,
    home_store_id
from firsts
where entry_no = 1
