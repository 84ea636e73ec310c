{%- set horizons = var('churn_horizons') -%}
-- MBG/NBD [Batislam, Denizel, Filiztekin 2007; Hoppe, Wagner 2007]: what core/purchase_models.py computes, by power().
with activity as (
    select * from {{ ref('member_activity') }}
    where purchase_days > 0
),

fits as (
    select * from {{ ref('stg_rekindle__churn_parameters') }}
),

as_of_dates as (
    select * from {{ ref('dim_as_of_date') }}
),

-- The newest fit that had seen nothing after the as-of date.
newest as (
    select
        as_of_dates.as_of_date,
        max(fits.fitted_on) as fitted_on
    from as_of_dates
    inner join fits on as_of_dates.as_of_date >= fits.fitted_on
    group by as_of_dates.as_of_date
),

histories as (
    select
        activity.member_key,
        activity.as_of_date,
        newest.fitted_on,
        coalesce(own.category_group, everybody.category_group) as fitted_group,
        everybody.version,
        cast(coalesce(own.rate_shape, everybody.rate_shape) as double) as rate_shape,
        cast(coalesce(own.rate_days, everybody.rate_days) as double) as rate_days,
        cast(coalesce(own.leaving, everybody.leaving) as double) as leaving,
        cast(coalesce(own.staying, everybody.staying) as double) as staying,
        activity.purchase_days - 1 as repeats,
        {{ days_between('activity.first_purchase_on', 'activity.last_purchase_on') }} as last_days,
        {{ days_between('activity.first_purchase_on', 'activity.as_of_date') }} as age_days
    from activity
    inner join newest on activity.as_of_date = newest.as_of_date
    inner join fits as everybody
        on newest.fitted_on = everybody.fitted_on
        and everybody.category_group = 'all'
    left join fits as own
        on newest.fitted_on = own.fitted_on
        and activity.category_group = own.category_group
),

-- Weights of being here and of being gone; the former is at most 1, so nothing overflows.
weighed as (
    select
        *,
        power((rate_days + last_days) / (rate_days + age_days), rate_shape + repeats) as here,
        leaving / (staying + repeats) as gone
    from histories
)

select
    member_key,
    as_of_date,
    version,
    fitted_on,
    fitted_group,
    repeats,
    last_days,
    age_days,
    {%- for horizon in horizons %}
    cast(
        (here * power((rate_days + age_days) / (rate_days + age_days + {{ horizon }}), rate_shape + repeats) + gone)
        / (here + gone)
        as decimal(9, 6)
    ) as base_p_no_purchase_{{ horizon }}d,
    {%- endfor %}
    cast(here / (here + gone) as decimal(9, 6)) as p_alive
from weighed
