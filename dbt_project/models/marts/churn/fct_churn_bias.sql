-- Whether probabilities are right on the whole, date by date: the excess of what was expected over what came, measured
-- in its own standard deviations (z), and the slope of what came on what was said, 1 where both rise together.
with scores as (
    select * from {{ ref('fct_churn_score_histogram') }}
    where expected_non_buyers is not null
),

settings as (
    select * from {{ ref('churn_drift_settings') }}
),

summed as (
    select
        as_of_date,
        horizon_days,
        method,
        {{ integer_sum('members') }} as members,
        {{ integer_sum('non_buyers') }} as non_buyers,
        sum(expected_non_buyers) as expected_non_buyers,
        sum(probability_of_non_buyers) as probability_of_non_buyers,
        sum(squared_probability) as squared_probability
    from scores
    group by as_of_date, horizon_days, method
),

measured as (
    select
        *,
        {{ ratio('expected_non_buyers - non_buyers', 'members') }} as bias,
        {{ ratio(
            'expected_non_buyers - non_buyers', 'sqrt(cast(expected_non_buyers - squared_probability as double))'
        ) }} as bias_z,
        {{ ratio(
            'cast(members as double) * probability_of_non_buyers - cast(expected_non_buyers as double) * non_buyers',
            'cast(members as double) * squared_probability - cast(expected_non_buyers as double) * expected_non_buyers'
        ) }} as calibration_slope
    from summed
),

evaluated as (
    select
        measured.*,
        settings.alarm_gap_days,
        coalesce(abs(measured.bias_z) > settings.alarm_z and abs(measured.bias) > settings.alarm_bias_share, false)
            as is_off,
        max(measured.as_of_date) over (partition by measured.horizon_days, measured.method) as newest_as_of_date
    from measured
    cross join settings
)

select
    evaluated.as_of_date,
    evaluated.horizon_days,
    evaluated.method,
    evaluated.members,
    {{ share('evaluated.expected_non_buyers', 'evaluated.members') }} as expected_share,
    {{ share('evaluated.non_buyers', 'evaluated.members') }} as observed_share,
    evaluated.bias,
    evaluated.bias_z,
    evaluated.calibration_slope,
    evaluated.is_off,
    evaluated.is_off and coalesce(earlier.is_off, false) as is_alarm,
    evaluated.as_of_date = evaluated.newest_as_of_date as is_newest
from evaluated
left join evaluated as earlier
    on evaluated.horizon_days = earlier.horizon_days
    and evaluated.method = earlier.method
    and earlier.as_of_date = {{ add_days('evaluated.as_of_date', '-evaluated.alarm_gap_days') }}
