-- Who was never contacted shows what the whole program brought. One reading decides: when the period of the holdout is
-- over. Until then the interval is one that may be read at will, and nothing is said of profit.
with results as (
    select * from {{ ref('stg_rekindle__experiment_results') }}
),

builds as (
    select * from {{ ref('stg_rekindle__builds') }}
)

select
    holdouts.holdout,
    holdouts.valid_to as final_on,
    holdouts.valid_to <= builds.as_of_date as is_final,
    results.metric,
    results.members,
    results.control_members,
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
    results.is_adjusted,
    results.lack,
    results.net_total,
    results.net_total_lower,
    results.net_total_upper,
    results.cost_total,
    results.roi,
    results.roi_lower,
    results.roi_upper,
    results.no_return
from results
inner join {{ ref('global_holdouts') }} as holdouts on results.experiment = holdouts.holdout
cross join builds
