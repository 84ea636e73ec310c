{{ config(materialized='history') }}

-- Whether probabilities are right on the whole, date by date: the excess of expected over observed non-buyers, in its
-- own standard deviations (z), and the slope of the outcome on the probability, 1 where both rise together. Whether the
-- date before was off is as it was told.
with scores as (
    select * from {{ ref('int_backtest__histograms') }}
    where expected_non_buyers is not null
),

settings as (
    {{ settings('churn_settings', ['alarm_z', 'alarm_bias_share', 'alarm_gap_days']) }}
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

limited as (
    select
        measured.*,
        settings.alarm_gap_days,
        coalesce(abs(measured.bias_z) > settings.alarm_z and abs(measured.bias) > settings.alarm_bias_share, false)
            as is_off
    from measured
    cross join settings
)

select
    limited.as_of_date,
    limited.horizon_days,
    limited.method,
    limited.members,
    {{ share('limited.expected_non_buyers', 'limited.members') }} as expected_share,
    {{ share('limited.non_buyers', 'limited.members') }} as observed_share,
    limited.bias,
    limited.bias_z,
    limited.calibration_slope,
    limited.is_off,
    limited.is_off and coalesce(earlier_told.is_off, earlier.is_off, false) as is_alarm
from limited
left join limited as earlier
    on limited.horizon_days = earlier.horizon_days
    and limited.method = earlier.method
    and earlier.as_of_date = {{ add_days('limited.as_of_date', '-limited.alarm_gap_days') }}
left join {{ told('marts', 'fct_churn_bias') }} as earlier_told
    on limited.horizon_days = earlier_told.horizon_days
    and limited.method = earlier_told.method
    and earlier_told.as_of_date = {{ add_days('limited.as_of_date', '-limited.alarm_gap_days') }}
