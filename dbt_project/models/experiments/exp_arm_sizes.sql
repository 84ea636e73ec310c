-- Arms as they were drawn: everyone assigned counts, whether or not the window is over, but who is in two arms in none.
with experiments as (
    select * from {{ ref('experiments') }}
),

arms as (
    select * from {{ ref('campaign_arms') }}
),

assignments as (
    select
        *,
        min(campaign_week) over (partition by experiment) as first_week
    from {{ ref('exp_assignments__first') }}
),

proposals as (
    select
        campaign,
        count(*) as members
    from {{ ref('aud_decisions') }}
    where is_included and not is_sealed
    group by campaign
)

select
    experiments.experiment,
    arms.arm,
    arms.arm_role,
    arms.share as arm_share,
    count(case when not assignments.is_in_two_arms then assignments.member_key end) as members,
    count(case when assignments.is_in_two_arms then assignments.member_key end) as members_in_two_arms,
    min(assignments.first_week) as first_week,
    coalesce(min(proposals.members), 0) as proposed_members
from experiments
inner join arms on experiments.campaign = arms.campaign
left join assignments
    on experiments.experiment = assignments.experiment
    and arms.arm = assignments.arm
left join proposals on experiments.campaign = proposals.campaign
group by experiments.experiment, arms.arm, arms.arm_role, arms.share
