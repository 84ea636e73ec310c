{{ config(materialized='table') }}

-- What Python made of the sums: experiments here, the program in exp_program. A table, for the results are a file of
-- the build that no reader has.
with results as (
    select * from {{ ref('stg_rekindle__experiment_results') }}
),

experiments as (
    select * from {{ ref('experiments') }}
),

campaigns as (
    select * from {{ ref('campaigns') }}
),

metrics as (
    select * from {{ ref('experiment_metrics') }}
)

select
    experiments.campaign,
    campaigns.label_en as campaign_label_en,
    campaigns.label_zh as campaign_label_zh,
    metrics.label_en as metric_label_en,
    metrics.label_zh as metric_label_zh,
    results.metric = experiments.primary_metric as is_primary,
    results.experiment,
    results.metric,
    results.segment,
    results.segment_value,
    results.arm,
    results.look_no,
    results.members,
    results.control_members,
    results.is_final,
    results.arm_mean,
    results.control_mean,
    results.effect,
    results.effect_lower,
    results.effect_upper,
    results.smallest_effect,
    results.relative_effect,
    results.relative_effect_lower,
    results.relative_effect_upper,
    results.p_value,
    results.p_value_scale,
    results.p_value_adjusted,
    results.is_adjusted,
    results.variance_reduction,
    results.shrunk_effect,
    results.shrunk_effect_lower,
    results.shrunk_effect_upper,
    results.lack,
    results.srm,
    results.srm_p_value,
    results.verdict,
    results.guardrails,
    results.sentence_en,
    results.sentence_zh,
    results.net_total,
    results.net_total_lower,
    results.net_total_upper,
    results.cost_total,
    results.roi,
    results.roi_lower,
    results.roi_upper,
    results.no_return
from results
inner join experiments on results.experiment = experiments.experiment
inner join campaigns on experiments.campaign = campaigns.campaign
inner join metrics on results.metric = metrics.metric
