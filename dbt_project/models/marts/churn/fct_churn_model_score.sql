{%- set families = churn_features() -%}
{%- set parts = 'baseline + ' ~ (families | join('_logit + ')) ~ '_logit' -%}
-- logit = baseline + sum of weight * (feature - mean): weights are coefficients in the feature's own unit.
with scorers as (
    select * from {{ ref('fct_churn_model_in_use') }}
),

coefficients as (
    select
        version,
        horizon_days,
        feature,
        cast(coefficient as double) / cast(feature_deviation as double) as weight,
        cast(feature_mean as double) as feature_mean
    from {{ ref('fct_churn_coefficient') }}
),

features as (
    select * from {{ ref('member_churn_features') }}
),

base as (
    select
        {%- for horizon in var('churn_horizons') %}
        {{ log_odds('base_p_no_purchase_' ~ horizon ~ 'd') }} as base_logit_{{ horizon }}d,
        {%- endfor %}
        member_key,
        as_of_date
    from {{ ref('member_churn_baseline') }}
),

-- Without a coefficient of its own, as in a version older than the feature, a feature weighs nothing.
weights as (
    select
        {%- for family in families %}
        {%- for feature in families[family] %}
        coalesce(max(case when feature = '{{ feature }}' then weight end), 0) as {{ feature }}_weight,
        coalesce(max(case when feature = '{{ feature }}' then feature_mean end), 0) as {{ feature }}_mean,
        {%- endfor %}
        {%- endfor %}
        version,
        horizon_days
    from coefficients
    group by version, horizon_days
),

measured as (
    select
        features.*,
        scorers.horizon_days,
        scorers.version,
        scorers.is_newest,
        scorers.is_champion,
        scorers.baseline,
        cast(scorers.recalibration_slope as double) as slope,
        case scorers.horizon_days
            {%- for horizon in var('churn_horizons') %}
            when {{ horizon }} then base.base_logit_{{ horizon }}d
            {%- endfor %}
        end as base_logit
    from features
    inner join base
        on features.member_key = base.member_key
        and features.as_of_date = base.as_of_date
    inner join scorers on features.as_of_date = scorers.as_of_date
),

added as (
    select
        {%- for family in families %}
        {{ churn_family_logit(families[family]) }} as {{ family }}_logit,
        {%- endfor %}
        measured.member_key,
        measured.as_of_date,
        measured.horizon_days,
        measured.version,
        measured.is_newest,
        measured.is_champion,
        measured.baseline
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
    is_newest,
    is_champion,
    baseline,
    {%- for family in families %}
    {{ family }}_logit,
    {%- endfor %}
    cast(1 / (1 + exp(-cast({{ parts }} as double))) as decimal(9, 6)) as p_no_purchase
from added
