{%- set families = churn_features() -%}
{%- set parts = 'baseline + season_logit + ' ~ (families | join('_logit + ')) ~ '_logit' -%}
-- logit = baseline + sum of weight * (feature - mean): weights are coefficients in the feature's own unit. What scores
-- at a date is the newest version by then, blended with the base by its newest weights; nothing that saw what came
-- later.
with as_of_dates as (
    select * from {{ ref('dim_as_of_date') }}
),

cards as (
    select * from {{ ref('stg_rekindle__churn_model_cards') }}
),

recalibrations as (
    select * from {{ ref('stg_rekindle__churn_recalibrations') }}
),

coefficients as (
    select * from {{ ref('stg_rekindle__churn_coefficients') }}
),

features as (
    select * from {{ ref('member_churn_features') }}
),

baselines as (
    select * from {{ ref('member_churn_baseline') }}
),

blends as (
    select
        as_of_dates.as_of_date,
        cards.version,
        cards.horizon_days,
        cards.fitted_on,
        cards.is_promoted as is_champion,
        cards.intercept,
        recalibrations.calibrated_on,
        recalibrations.offset_logit,
        cast(recalibrations.base_weight as double) as base_weight,
        cast(recalibrations.model_weight as double) as model_weight,
        row_number() over (
            partition by as_of_dates.as_of_date, cards.horizon_days
            order by cards.fitted_on desc nulls last, recalibrations.calibrated_on desc nulls last
        ) as age_rank
    from as_of_dates
    inner join cards on as_of_dates.as_of_date >= cards.fitted_on
    inner join recalibrations
        on cards.version = recalibrations.version
        and cards.horizon_days = recalibrations.horizon_days
        and as_of_dates.as_of_date >= recalibrations.calibrated_on
),

-- Without a coefficient of its own, as in a version older than the feature, a feature weighs nothing.
weights as (
    select
        {%- for feature in families.values() | sum(start=[]) %}
        {%- set is_it = "feature = '" ~ feature ~ "'" %}
        coalesce(
            max(case when {{ is_it }} then cast(coefficient as double) / cast(feature_deviation as double) end), 0
        ) as {{ feature }}_weight,
        coalesce(max(case when {{ is_it }} then cast(feature_mean as double) end), 0) as {{ feature }}_mean,
        {%- endfor %}
        version,
        horizon_days
    from coefficients
    group by version, horizon_days
),

measured as (
    select
        features.*,
        blends.horizon_days,
        blends.version,
        blends.fitted_on,
        blends.calibrated_on,
        blends.is_champion,
        blends.intercept,
        blends.offset_logit,
        blends.base_weight,
        -- The feature is the base of an even year; what the season adds to it is a reason of its own.
        {%- for name, kind in {'base_logit': 'even', 'in_season_logit': 'base'}.items() %}
        case blends.horizon_days
            {%- for horizon in var('churn_horizons') %}
            when {{ horizon }} then {{ log_odds('baselines.' ~ kind ~ '_p_no_purchase_' ~ horizon ~ 'd') }}
            {%- endfor %}
        end as {{ name }},
        {%- endfor %}
        blends.model_weight
    from features
    inner join baselines
        on features.member_key = baselines.member_key
        and features.as_of_date = baselines.as_of_date
    inner join blends
        on features.as_of_date = blends.as_of_date
        and blends.age_rank = 1
),

added as (
    select
        {%- for family in families %}
        {{ churn_family_logit(families[family]) }} as {{ family }}_logit,
        {%- endfor %}
        cast(
            (measured.model_weight * weights.base_logit_weight + measured.base_weight)
            * cast(measured.in_season_logit - measured.base_logit as double)
            as decimal(18, 9)
        ) as season_logit,
        cast(
            measured.offset_logit + measured.model_weight * cast(measured.intercept as double)
            + measured.base_weight * weights.base_logit_mean
            as decimal(18, 9)
        ) as baseline,
        measured.*
    from measured
    inner join weights
        on measured.version = weights.version
        and measured.horizon_days = weights.horizon_days
)

select
    member_key,
    as_of_date,
    horizon_days,
    version,
    fitted_on,
    calibrated_on,
    is_champion,
    baseline,
    {%- for family in families %}
    {{ family }}_logit,
    {%- endfor %}
    season_logit,
    cast(1 / (1 + exp(-cast({{ parts }} as double))) as decimal(9, 6)) as p_no_purchase
from added
