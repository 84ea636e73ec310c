-- Whether members still look like those the fit in use was made on: the population stability index of each feature,
-- over the bins of drift_bins.csv, against the as-of date of that fit.
with counted as (
    select * from {{ ref('fct_churn_feature_share') }}
),

fits as (
    select distinct fitted_on
    from {{ ref('stg_rekindle__churn_parameters') }}
),

settings as (
    {{ settings('churn_settings', ['alarm_psi', 'share_floor']) }}
),

dates as (
    select * from {{ ref('dim_as_of_date') }}
),

newest_fits as (
    select
        dates.as_of_date,
        max(fits.fitted_on) as fitted_on
    from dates
    inner join fits on dates.as_of_date >= fits.fitted_on
    group by dates.as_of_date
),

-- A fit that was made between two as-of dates of this build is compared with the one before it.
reference_dates as (
    select
        newest_fits.as_of_date,
        max(dates.as_of_date) as reference_as_of_date
    from newest_fits
    inner join dates on newest_fits.fitted_on >= dates.as_of_date
    group by newest_fits.as_of_date
),

binned as (
    select
        *,
        sum(members) over (partition by as_of_date, feature) as everybody
    from counted
),

shares as (
    select
        binned.as_of_date,
        binned.feature,
        binned.from_value,
        greatest(cast(binned.members as double) / binned.everybody, settings.share_floor) as member_share
    from binned
    cross join settings
    -- A feature nobody has a value of has no shares.
    where binned.everybody > 0
),

-- Decimals before the sum, so that the order of adding cannot show.
compared as (
    select
        shares.as_of_date,
        shares.feature,
        reference_dates.reference_as_of_date,
        sum(
            cast(
                (shares.member_share - fitted.member_share) * ln(shares.member_share / fitted.member_share)
                as decimal(18, 9)
            )
        ) as psi
    from shares
    inner join reference_dates on shares.as_of_date = reference_dates.as_of_date
    inner join shares as fitted
        on reference_dates.reference_as_of_date = fitted.as_of_date
        and shares.feature = fitted.feature
        and shares.from_value = fitted.from_value
    group by shares.as_of_date, shares.feature, reference_dates.reference_as_of_date
)

select
    compared.as_of_date,
    compared.feature,
    compared.reference_as_of_date,
    cast(compared.psi as decimal(18, 6)) as psi,
    compared.psi > settings.alarm_psi as is_alarm,
    compared.as_of_date = max(compared.as_of_date) over () as is_newest
from compared
cross join settings
