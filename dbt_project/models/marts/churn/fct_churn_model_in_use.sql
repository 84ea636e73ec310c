with as_of_dates as (
    select * from {{ ref('dim_as_of_date') }}
),

cards as (
    select * from {{ ref('stg_rekindle__churn_model_cards') }}
),

recalibrations as (
    select * from {{ ref('stg_rekindle__churn_recalibrations') }}
),

-- Nothing counts at a date that saw what came later.
newest as (
    select
        as_of_dates.as_of_date,
        cards.horizon_days,
        max(cards.fitted_on) as newest_fitted_on,
        max(case when cards.is_promoted then cards.fitted_on end) as champion_fitted_on
    from as_of_dates
    inner join cards on as_of_dates.as_of_date >= cards.fitted_on
    group by as_of_dates.as_of_date, cards.horizon_days
),

in_use as (
    select
        newest.as_of_date,
        cards.horizon_days,
        cards.version,
        cards.fitted_on,
        cards.intercept,
        cards.fitted_on = newest.newest_fitted_on as is_newest,
        coalesce(cards.fitted_on = newest.champion_fitted_on, false) as is_champion
    from newest
    inner join cards
        on newest.horizon_days = cards.horizon_days
        and (newest.newest_fitted_on = cards.fitted_on or newest.champion_fitted_on = cards.fitted_on)
),

calibrated as (
    select
        in_use.as_of_date,
        in_use.horizon_days,
        in_use.version,
        max(recalibrations.calibrated_on) as calibrated_on
    from in_use
    inner join recalibrations
        on in_use.version = recalibrations.version
        and in_use.horizon_days = recalibrations.horizon_days
        and in_use.as_of_date >= recalibrations.calibrated_on
    group by in_use.as_of_date, in_use.horizon_days, in_use.version
)

select
    in_use.as_of_date,
    in_use.horizon_days,
    in_use.version,
    in_use.fitted_on,
    in_use.is_newest,
    in_use.is_champion,
    calibrated.calibrated_on,
    coalesce(recalibrations.recalibration_offset, 0) as recalibration_offset,
    coalesce(recalibrations.recalibration_slope, 1) as recalibration_slope,
    cast(
        coalesce(cast(recalibrations.recalibration_offset as double), 0)
        + coalesce(cast(recalibrations.recalibration_slope as double), 1) * cast(in_use.intercept as double)
        as decimal(18, 9)
    ) as baseline
from in_use
left join calibrated
    on in_use.as_of_date = calibrated.as_of_date
    and in_use.horizon_days = calibrated.horizon_days
    and in_use.version = calibrated.version
left join recalibrations
    on calibrated.version = recalibrations.version
    and calibrated.horizon_days = recalibrations.horizon_days
    and calibrated.calibrated_on = recalibrations.calibrated_on
