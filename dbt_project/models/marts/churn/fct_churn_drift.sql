{%- set features = [
    'days_since_purchase', 'purchase_days', 'purchase_days_30d', 'purchase_days_90d', 'net_amount_90d',
    'negative_events_90d',
] -%}
-- Whether members still look like those the fit in use was made on: the population stability index of each feature,
-- over the bins of drift_bins.csv, against the as-of date of that fit.
with activity as (
    select * from {{ ref('member_activity') }}
    where purchase_days > 0
),

fits as (
    select distinct fitted_on
    from {{ ref('stg_rekindle__churn_parameters') }}
),

bins as (
    select
        feature,
        from_value,
        lead(from_value) over (partition by feature order by from_value) as below_value
    from {{ ref('drift_bins') }}
),

settings as (
    {{ settings('churn_settings', ['alarm_psi', 'share_floor']) }}
),

counted as (
    {%- for feature in features %}
    select
        as_of_date,
        '{{ feature }}' as feature,
        cast({{ feature }} as decimal(18, 2)) as feature_value,
        count(*) as members
    from activity
    group by as_of_date, {{ feature }}
    {{- "
    union all" if not loop.last }}
    {%- endfor %}
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
        dates.as_of_date,
        bins.feature,
        bins.from_value,
        coalesce(sum(counted.members), 0) as members,
        sum(coalesce(sum(counted.members), 0)) over (partition by dates.as_of_date, bins.feature) as everybody
    from dates
    cross join bins
    left join counted
        on dates.as_of_date = counted.as_of_date
        and bins.feature = counted.feature
        and bins.from_value <= counted.feature_value
        and (bins.below_value > counted.feature_value or bins.below_value is null)
    group by dates.as_of_date, bins.feature, bins.from_value
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
