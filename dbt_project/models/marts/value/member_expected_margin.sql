{%- set horizons = var('margin_horizons') -%}
-- Expected purchases (MBG/NBD) times what a purchase is worth (gamma-gamma). Their sum is 0 with the probability of no
-- purchase, and else taken as gamma with the sum's own mean and variance; the interval leaves equal shares outside.
with histories as (
    select * from {{ ref('member_churn_baseline') }}
),

activity as (
    select * from {{ ref('member_activity') }}
),

forecasts as (
    select * from {{ ref('int_margin__forecasts') }}
),

fits as (
    select * from {{ ref('stg_rekindle__amount_parameters') }}
),

settings as (
    select cast(tail_share as double) as tail from ({{ settings('value_settings', ['tail_share']) }}) as limits
),

-- Margin where the member's is known and margins could be fitted, else net amount. What was paid back more than bought
-- counts as nothing.
based as (
    select
        histories.*,
        coalesce(margin_fits.basis, net_fits.basis) as basis,
        activity.purchase_days,
        {{ money(
            'greatest(case when margin_fits.basis is null then activity.net_amount else activity.margin_amount end, 0)'
        ) }} as amount,
        cast(coalesce(margin_fits.amount_shape, net_fits.amount_shape) as double) as amount_shape,
        cast(coalesce(margin_fits.scale_shape, net_fits.scale_shape) as double) as scale_shape,
        cast(coalesce(margin_fits.scale_amount, net_fits.scale_amount) as double) as scale_amount,
        cast(coalesce(margin_fits.came_share, net_fits.came_share) as double) as came_share
    from histories
    inner join activity
        on histories.member_key = activity.member_key
        and histories.as_of_date = activity.as_of_date
    left join fits as margin_fits
        on histories.version = margin_fits.version
        and histories.fitted_group = margin_fits.category_group
        and margin_fits.basis = 'margin'
        and activity.margin_amount is not null
    left join fits as net_fits
        on histories.version = net_fits.version
        and histories.fitted_group = net_fits.category_group
        and net_fits.basis = 'net_amount'
    where coalesce(margin_fits.basis, net_fits.basis) is not null
),

-- What purchases and amounts lead to expect is multiplied by what came of it in the year before the fit.
-- Gamma-gamma [Fader, Hardie 2013]: amounts of one member are gamma with shape p and an own scale, whose posterior is
-- gamma with shape p x + q and rate gamma + x z.
posteriors as (
    select
        *,
        amount_shape * purchase_days + scale_shape as posterior_shape,
        scale_amount + cast(amount as double) as posterior_amount
    from based
),

purchase_values as (
    select
        *,
        cast(came_share * amount_shape * posterior_amount / (posterior_shape - 1) as decimal(18, 6)) as expected_amount,
        cast(
            amount_shape * power(came_share * posterior_amount, 2) / ((posterior_shape - 1) * (posterior_shape - 2))
            as decimal(28, 6)
        ) as expected_variance,
        cast(
            power(came_share * amount_shape * posterior_amount, 2) / ((posterior_shape - 1) * (posterior_shape - 2))
            as decimal(28, 6)
        ) as expected_square
    from posteriors
),

summed as (
    select
        {%- for horizon in horizons %}
        cast(purchase_values.p_alive * forecasts.any_purchase_{{ horizon }}d_share as double) as any_{{ horizon }}d,
        cast(purchase_values.p_alive * forecasts.purchases_{{ horizon }}d as double) as purchases_{{ horizon }}d,
        cast(purchase_values.p_alive as double) * (
            cast(forecasts.purchases_{{ horizon }}d as double) * cast(purchase_values.expected_variance as double)
            + cast(forecasts.purchases_{{ horizon }}d + forecasts.purchase_pairs_{{ horizon }}d as double)
            * cast(purchase_values.expected_square as double)
        ) as square_{{ horizon }}d,
        {%- endfor %}
        purchase_values.*,
        settings.tail
    from purchase_values
    inner join forecasts
        on purchase_values.version = forecasts.version
        and purchase_values.fitted_group = forecasts.fitted_group
        and purchase_values.repeats = forecasts.repeats
        and purchase_values.age_days = forecasts.age_days
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
    basis,
    purchase_days,
    amount,
    expected_amount,
    expected_variance,
    expected_square
from purchasing
