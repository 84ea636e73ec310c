{%- set horizons = var('margin_horizons') -%}
-- What a member who still buys will do, by MBG/NBD: the moments of a known chance to leave, averaged over its beta
-- posterior. Equal histories are averaged once, not once per member. A purchase is a day with one, so there are at most
-- as many as days: a fit without sense ends there, not in a number too large for its column.
with histories as (
    select distinct
        version,
        fitted_group,
        repeats,
        age_days
    from {{ ref('member_churn_baseline') }}
),

fits as (
    select * from {{ ref('stg_rekindle__churn_parameters') }}
),

nodes as (
    {%- for node in beta_nodes() %}
    select {{ node }} as node
    {{- "
    union all" if not loop.last }}
    {%- endfor %}
),

posteriors as (
    select
        histories.*,
        cast(fits.rate_shape as double) + histories.repeats as shape,
        cast(fits.rate_days as double) + histories.age_days as rate,
        cast(fits.leaving as double) as leaving,
        cast(fits.staying as double) + histories.repeats + 1 as staying
    from histories
    inner join fits
        on histories.version = fits.version
        and histories.fitted_group = fits.category_group
),

placed as (
    select
        posteriors.*,
        nodes.node,
        {{ beta_step('posteriors.leaving', 'posteriors.staying') }} as step
    from posteriors
    cross join nodes
),

leaves as (
    select
        *,
        leaving / (leaving + staying) as mean_chance,
        1 / (1 + staying / leaving * exp(-node * step)) as chance
    from placed
),

weighed as (
    select
        *,
        {{ beta_weight('node', 'step', 'mean_chance', 'leaving', 'staying') }} as weight
    from leaves
)

select
    version,
    fitted_group,
    repeats,
    {%- for horizon in horizons %}
    cast(max(1 - power(1 + {{ horizon }} / rate, -shape)) as decimal(9, 6)) as any_purchase_{{ horizon }}d_share,
    {%- set purchases = expected_purchases('chance', 'shape', horizon ~ ' / rate') %}
    {%- set pairs = expected_pairs('chance', 'shape', horizon ~ ' / rate') %}
    cast({{ weighted_mean('least(' ~ purchases ~ ', ' ~ horizon ~ ')', 'weight') }} as decimal(18, 6))
        as purchases_{{ horizon }}d,
    cast({{ weighted_mean('least(' ~ pairs ~ ', ' ~ horizon * horizon ~ ')', 'weight') }} as decimal(18, 6))
        as purchase_pairs_{{ horizon }}d,
    {%- endfor %}
    age_days
from weighed
group by version, fitted_group, repeats, age_days
