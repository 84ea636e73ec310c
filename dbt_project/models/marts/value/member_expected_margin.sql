{%- set horizons = var('margin_horizons') -%}
-- Expected purchases (MBG/NBD) times what a purchase is worth (gamma-gamma). Their sum is 0 with the probability of no
-- purchase, and else taken as gamma with the sum's own mean and variance; the interval leaves equal shares outside.
with histories as (
    select * from {{ ref('member_churn_baseline') }}
),

forecasts as (
    select * from {{ ref('fct_purchase_forecast') }}
),

purchase_values as (
    select * from {{ ref('member_purchase_value') }}
),

settings as (
    select cast(tail_share as double) as tail from {{ ref('margin_settings') }}
),

summed as (
    select
        {%- for horizon in horizons %}
        cast(histories.p_alive * forecasts.any_purchase_{{ horizon }}d_share as double) as any_{{ horizon }}d,
        cast(histories.p_alive * forecasts.purchases_{{ horizon }}d as double) as purchases_{{ horizon }}d,
        cast(histories.p_alive as double) * (
            cast(forecasts.purchases_{{ horizon }}d as double) * cast(purchase_values.expected_variance as double)
            + cast(forecasts.purchases_{{ horizon }}d + forecasts.purchase_pairs_{{ horizon }}d as double)
            * cast(purchase_values.expected_square as double)
        ) as square_{{ horizon }}d,
        {%- endfor %}
        purchase_values.*,
        settings.tail
    from histories
    inner join forecasts
        on histories.version = forecasts.version
        and histories.fitted_group = forecasts.fitted_group
        and histories.repeats = forecasts.repeats
        and histories.age_days = forecasts.age_days
    inner join purchase_values
        on histories.member_key = purchase_values.member_key
        and histories.as_of_date = purchase_values.as_of_date
    cross join settings
),

-- Of those who purchase: mean, mean square, and at which share of them the tails begin.
purchasing as (
    select
        {%- for horizon in horizons %}
        purchases_{{ horizon }}d * cast(expected_amount as double) / nullif(any_{{ horizon }}d, 0)
            as mean_{{ horizon }}d,
        square_{{ horizon }}d / nullif(any_{{ horizon }}d, 0) as mean_square_{{ horizon }}d,
        case when any_{{ horizon }}d > 1 - tail then 1 - (1 - tail) / any_{{ horizon }}d end as low_{{ horizon }}d,
        case when any_{{ horizon }}d > tail then 1 - tail / any_{{ horizon }}d end as high_{{ horizon }}d,
        {%- endfor %}
        *
    from summed
)

select
    member_key,
    as_of_date,
    version,
    {%- for horizon in horizons %}
    cast(purchases_{{ horizon }}d as decimal(18, 6)) as expected_purchases_{{ horizon }}d,
    {{ money('purchases_' ~ horizon ~ 'd * cast(expected_amount as double)') }} as expected_margin_{{ horizon }}d,
    {%- for bound in ['low', 'high'] %}
    {%- set normal = normal_quantile(bound ~ '_' ~ horizon ~ 'd') %}
    {%- set quantile = gamma_quantile(normal, 'mean_' ~ horizon ~ 'd', 'mean_square_' ~ horizon ~ 'd') %}
    {{ money('coalesce(' ~ quantile ~ ', 0)') }} as expected_margin_{{ bound }}_{{ horizon }}d,
    {%- endfor %}
    {%- endfor %}
    basis
from purchasing
