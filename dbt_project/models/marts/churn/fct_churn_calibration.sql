{{ config(materialized='history') }}

-- The reliability table: of the members with about this probability, how many stayed away.
with scores as (
    select * from {{ ref('int_backtest__histograms') }}
    where expected_non_buyers is not null
),

populations as (
    select * from {{ ref('churn_populations') }}
),

bins as (
    select
        calibration_bin,
        from_probability,
        lead(from_probability) over (order by from_probability) as below_probability
    from {{ ref('calibration_bins') }}
),

settings as (
    {{ settings('churn_settings', ['backtest_interval_z']) }}
),

counted as (
    select
        scores.as_of_date,
        scores.horizon_days,
        populations.population,
        scores.method,
        bins.calibration_bin,
        bins.from_probability,
        bins.below_probability,
        {{ integer_sum('scores.members') }} as members,
        {{ integer_sum('scores.non_buyers') }} as non_buyers,
        cast(sum(scores.expected_non_buyers) as decimal(18, 6)) as expected_non_buyers
    from scores
    inner join populations on (scores.is_active or not populations.needs_active_stage)
    inner join bins
        on scores.score >= bins.from_probability
        and (scores.score < bins.below_probability or bins.below_probability is null)
    group by
        scores.as_of_date, scores.horizon_days, populations.population, scores.method, bins.calibration_bin,
        bins.from_probability, bins.below_probability
)

select
    counted.as_of_date,
    counted.horizon_days,
    counted.population,
    counted.method,
    counted.calibration_bin,
    counted.from_probability,
    counted.below_probability,
    counted.members,
    counted.non_buyers,
    counted.expected_non_buyers,
    {{ share('counted.expected_non_buyers', 'counted.members') }} as expected_share,
    {{ share('counted.non_buyers', 'counted.members') }} as observed_share,
    {{ wilson_bound('counted.non_buyers', 'counted.members', 'settings.backtest_interval_z', '-') }} as lowest_share,
    {{ wilson_bound('counted.non_buyers', 'counted.members', 'settings.backtest_interval_z', '+') }} as highest_share
from counted
cross join settings
