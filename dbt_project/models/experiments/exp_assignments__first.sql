-- A member counts once per experiment, from the first sealed entry, in the arm drawn then, contacted or not.
with experiments as (
    select * from {{ ref('experiments') }}
),

entries as (
    select * from {{ ref('int_sealed_decisions') }}
    where is_included
),

ranked as (
    select
        experiments.experiment,
        entries.*,
        row_number() over (
            partition by experiments.experiment, entries.member_key
            order by entries.campaign_week
        ) as entry_no
    from experiments
    inner join entries
        on experiments.campaign = entries.campaign
        and experiments.valid_from <= entries.campaign_week
        and coalesce(experiments.valid_to, {{ end_of_time() }}) >= entries.campaign_week
)

select
    experiment,
    campaign,
    member_key,
    campaign_week,
    arm,
    arm_role,
    propensity,
    stage,
    silence_tier,
    silence_cause,
    value_tier,
    region,
    home_store_id
from ranked
where entry_no = 1
