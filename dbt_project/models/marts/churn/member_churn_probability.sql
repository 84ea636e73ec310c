{%- set horizons = var('churn_horizons') -%}
-- THE probability: by the champion among the trained versions, by the base where none was ever promoted.
with base as (
    select * from {{ ref('member_churn_baseline') }}
),

scores as (
    select
        member_key,
        as_of_date,
        {%- for horizon in horizons %}
        max(case when horizon_days = {{ horizon }} and is_newest then p_no_purchase end) as newest_{{ horizon }}d,
        max(case when horizon_days = {{ horizon }} and is_champion then p_no_purchase end) as champion_{{ horizon }}d,
        {%- endfor %}
        count(*) as versions
    from {{ ref('int_churn_model__scores') }}
    group by member_key, as_of_date
)

select
    base.member_key,
    base.as_of_date,
    base.version,
    base.fitted_on,
    base.fitted_group,
    base.repeats,
    base.last_days,
    base.age_days,
    {%- for horizon in horizons %}
    coalesce(scores.champion_{{ horizon }}d, base.base_p_no_purchase_{{ horizon }}d) as p_no_purchase_{{ horizon }}d,
    base.base_p_no_purchase_{{ horizon }}d,
    scores.newest_{{ horizon }}d as model_p_no_purchase_{{ horizon }}d,
    case when scores.champion_{{ horizon }}d is null then 'base' else 'model' end as scored_by_{{ horizon }}d,
    {%- endfor %}
    base.p_alive
from base
left join scores
    on base.member_key = scores.member_key
    and base.as_of_date = scores.as_of_date
