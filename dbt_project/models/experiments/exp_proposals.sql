-- A pilot is a campaign held to regions or stores; one that won is proposed for all of them.
with decisions as (
    select * from {{ ref('stg_rekindle__experiment_decisions') }}
    where verdict = 'win'
),

experiments as (
    select * from {{ ref('experiments') }}
),

pilots as (
    select
        campaign,
        kind,
        count(*) as places
    from {{ ref('campaign_targets') }}
    where kind in ('region', 'store') and not is_excluded
    group by campaign, kind
)

select
    decisions.experiment,
    decisions.arm,
    experiments.campaign,
    pilots.kind as limited_by,
    pilots.places,
    decisions.decided_on,
    decisions.effect,
    decisions.effect_lower,
    decisions.sentence_en,
    decisions.sentence_zh
from decisions
inner join experiments on decisions.experiment = experiments.experiment
inner join pilots on experiments.campaign = pilots.campaign
