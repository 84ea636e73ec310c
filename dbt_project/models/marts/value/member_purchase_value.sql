-- Gamma-gamma [Fader, Hardie 2013]: amounts of one member are gamma with shape p and an own scale, whose posterior is
-- gamma with shape p x + q and rate gamma + x z. What was paid back more than bought counts as nothing.
with histories as (
    select * from {{ ref('member_churn_baseline') }}
),

activity as (
    select * from {{ ref('member_activity') }}
),

fits as (
    select * from {{ ref('stg_rekindle__amount_parameters') }}
),

-- Margin where the member's is known and margins could be fitted, else net amount.
based as (
    select
        histories.member_key,
        histories.as_of_date,
        histories.version,
        coalesce(margin_fits.basis, net_fits.basis) as basis,
        activity.purchase_days,
        {{ money(
            'greatest(case when margin_fits.basis is null then activity.net_amount else activity.margin_amount end, 0)'
        ) }} as amount,
        cast(coalesce(margin_fits.amount_shape, net_fits.amount_shape) as double) as amount_shape,
        cast(coalesce(margin_fits.scale_shape, net_fits.scale_shape) as double) as scale_shape,
        cast(coalesce(margin_fits.scale_amount, net_fits.scale_amount) as double) as scale_amount
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

posteriors as (
    select
        *,
        amount_shape * purchase_days + scale_shape as posterior_shape,
        scale_amount + cast(amount as double) as posterior_amount
    from based
)

select
    member_key,
    as_of_date,
    version,
    basis,
    purchase_days,
    amount,
    cast(amount_shape * posterior_amount / (posterior_shape - 1) as decimal(18, 6)) as expected_amount,
    cast(
        amount_shape * power(posterior_amount, 2) / ((posterior_shape - 1) * (posterior_shape - 2)) as decimal(28, 6)
    ) as expected_variance,
    cast(
        power(amount_shape * posterior_amount, 2) / ((posterior_shape - 1) * (posterior_shape - 2)) as decimal(28, 6)
    ) as expected_square
from posteriors
