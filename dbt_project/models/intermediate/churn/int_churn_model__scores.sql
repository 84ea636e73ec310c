{%- set families = churn_features() -%}
{%- set parts = 'baseline + ' ~ (families | join('_logit + ')) ~ '_logit' -%}
{%- set kind = '(partition by as_of_dates.as_of_date, cards.horizon_days)' -%}
-- logit = baseline + sum of weight * (feature - mean): weights are coefficients in the feature's own unit. In use at a
-- date are the newest version and the champion by then, each with its newest recalibration; nothing that saw what came
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

versions as (
    select
        as_of_dates.as_of_date,
        cards.*,
        cards.fitted_on = max(cards.fitted_on) over {{ kind }} as is_newest,
        coalesce(
            cards.fitted_on = max(case when cards.is_promoted then cards.fitted_on end) over {{ kind }}, false
        ) as is_champion
    from as_of_dates
    inner join cards on as_of_dates.as_of_date >= cards.fitted_on
),

recalibrated as (
    select
        versions.*,
        recalibrations.calibrated_on,
        coalesce(cast(recalibrations.recalibration_slope as double), 1) as slope,
        coalesce(cast(recalibrations.recalibration_offset as double), 0) as offset_logit,
        row_number() over (
            partition by versions.as_of_date, versions.horizon_days, versions.version
            order by recalibrations.calibrated_on desc nulls last
        ) as recalibration_rank
    from versions
    left join recalibrations
        on versions.version = recalibrations.version
        and versions.horizon_days = recalibrations.horizon_days
        and versions.as_of_date >= recalibrations.calibrated_on
    where versions.is_newest or versions.is_champion
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
        recalibrated.horizon_days,
        recalibrated.version,
        recalibrated.fitted_on,
        recalibrated.calibrated_on,
        recalibrated.is_newest,
        recalibrated.is_champion,
        recalibrated.slope,
        cast(
            recalibrated.offset_logit + recalibrated.slope * cast(recalibrated.intercept as double) as decimal(18, 9)
        ) as baseline,
        case recalibrated.horizon_days
            {%- for horizon in var('churn_horizons') %}
            when {{ horizon }} then {{ log_odds('baselines.base_p_no_purchase_' ~ horizon ~ 'd') }}
            {%- endfor %}
        end as base_logit
    from features
    inner join baselines
        on features.member_key = baselines.member_key
        and features.as_of_date = baselines.as_of_date
    inner join recalibrated
        on features.as_of_date = recalibrated.as_of_date
        and recalibrated.recalibration_rank = 1
),

added as (
    select
        {%- for family in families %}
        {{ churn_family_logit(families[family]) }} as {{ family }}_logit,
        {%- endfor %}
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
    is_newest,
    is_champion,
    baseline,
    {%- for family in families %}
    {{ family }}_logit,
    {%- endfor %}
    cast(1 / (1 + exp(-cast({{ parts }} as double))) as decimal(9, 6)) as p_no_purchase
from added
