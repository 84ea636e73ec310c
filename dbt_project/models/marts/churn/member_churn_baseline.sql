{%- set horizons = var('churn_horizons') -%}
-- MBG/NBD [Batislam, Denizel, Filiztekin 2007; Hoppe, Wagner 2007]: what core/purchase_models.py computes, by power().
-- Time is that of the fit's season, and that of the calendar for a fit without one.
with activity as (
    select * from {{ ref('member_activity') }}
    where purchase_days > 0
),

fits as (
    select * from {{ ref('stg_rekindle__churn_parameters') }}
),

seasons as (
    select * from {{ ref('stg_rekindle__churn_seasons') }}
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

dated as (
    select
        newest.as_of_date,
        newest.fitted_on,
        {%- for horizon in horizons %}
        {{ season_day(add_days('newest.as_of_date', horizon), 'in_' ~ horizon ~ 'd') }} as season_in_{{ horizon }}d,
        {%- endfor %}
        {{ season_day('newest.as_of_date', 'today') }} as season_today
    from newest
    left join seasons as today
        on newest.fitted_on = today.fitted_on
        and {{ season_period('newest.as_of_date') }} = today.period_of_year
    {%- for horizon in horizons %}
    left join seasons as in_{{ horizon }}d
        on newest.fitted_on = in_{{ horizon }}d.fitted_on
        and {{ season_period(add_days('newest.as_of_date', horizon)) }} = in_{{ horizon }}d.period_of_year
    {%- endfor %}
),

histories as (
    select
        activity.member_key,
        activity.as_of_date,
        dated.fitted_on,
        coalesce(own.category_group, everybody.category_group) as fitted_group,
        everybody.version,
        cast(coalesce(own.rate_shape, everybody.rate_shape) as double) as rate_shape,
        cast(coalesce(own.rate_days, everybody.rate_days) as double) as rate_days,
        cast(coalesce(own.leaving, everybody.leaving) as double) as leaving,
        cast(coalesce(own.staying, everybody.staying) as double) as staying,
        activity.purchase_days - 1 as repeats,
        {{ days_between('activity.first_purchase_on', 'activity.last_purchase_on') }} as last_days,
        {{ days_between('activity.first_purchase_on', 'activity.as_of_date') }} as age_days,
        {%- for horizon in horizons %}
        dated.season_in_{{ horizon }}d - dated.season_today as ahead_{{ horizon }}d,
        {%- endfor %}
        {{ season_day('activity.last_purchase_on', 'at_last') }}
        - {{ season_day('activity.first_purchase_on', 'at_first') }} as last_time,
        dated.season_today - {{ season_day('activity.first_purchase_on', 'at_first') }} as age_time
    from activity
    inner join dated on activity.as_of_date = dated.as_of_date
    inner join fits as everybody
        on dated.fitted_on = everybody.fitted_on
        and everybody.category_group = 'all'
    left join fits as own
        on dated.fitted_on = own.fitted_on
        and activity.category_group = own.category_group
    left join seasons as at_first
        on dated.fitted_on = at_first.fitted_on
        and {{ season_period('activity.first_purchase_on') }} = at_first.period_of_year
    left join seasons as at_last
        on dated.fitted_on = at_last.fitted_on
        and {{ season_period('activity.last_purchase_on') }} = at_last.period_of_year
),

-- Weights of being here and of being gone; the former is at most 1, so nothing overflows.
weighed as (
    select
        *,
        power((rate_days + last_time) / (rate_days + age_time), rate_shape + repeats) as here,
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
    {%- for name, ahead in {'base': 'ahead_' ~ horizon ~ 'd', 'even': horizon}.items() %}
    cast(
        (here * power((rate_days + age_time) / (rate_days + age_time + {{ ahead }}), rate_shape + repeats) + gone)
        / (here + gone)
        as decimal(9, 6)
    ) as {{ name }}_p_no_purchase_{{ horizon }}d,
    {%- endfor %}
    {%- endfor %}
    cast(here / (here + gone) as decimal(9, 6)) as p_alive
from weighed
