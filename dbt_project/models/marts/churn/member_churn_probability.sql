{%- set horizons = var('churn_horizons') | sort -%}
-- THE probability: by the blend of base and trained version where that is in use, else by the base. Who buys nothing
-- for longer buys nothing for less: a longer horizon is never above a shorter one, whose outcomes are newer and which
-- stands for both where they disagree.
with base as (
    select * from {{ ref('member_churn_baseline') }}
),

scores as (
    select
        member_key,
        as_of_date,
        {%- for horizon in horizons %}
        max(case when horizon_days = {{ horizon }} then p_no_purchase end) as newest_{{ horizon }}d,
        max(case when horizon_days = {{ horizon }} and is_champion then p_no_purchase end) as champion_{{ horizon }}d,
        {%- endfor %}
        count(*) as versions
    from {{ ref('int_churn_model__scores') }}
    group by member_key, as_of_date
),

scored as (
    select
        base.*,
        {%- for horizon in horizons %}
        scores.newest_{{ horizon }}d,
        coalesce(scores.champion_{{ horizon }}d, base.base_p_no_purchase_{{ horizon }}d) as in_use_{{ horizon }}d,
        case when scores.champion_{{ horizon }}d is null then 'base' else 'model' end as by_{{ horizon }}d,
        {%- endfor %}
        scores.versions
    from base
    left join scores
        on base.member_key = scores.member_key
        and base.as_of_date = scores.as_of_date
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
    {%- set shorter = horizons[:loop.index0] %}
    {%- set least_of = 'least(in_use_' ~ (horizons[:loop.index] | join('d, in_use_')) ~ 'd)' %}
    {{ least_of }} as p_no_purchase_{{ horizon }}d,
    base_p_no_purchase_{{ horizon }}d,
    case
        when newest_{{ horizon }}d is not null
            then least(
                newest_{{ horizon }}d
                {%- for other in shorter %}, coalesce(newest_{{ other }}d, newest_{{ horizon }}d) {%- endfor %}
            )
    end as model_p_no_purchase_{{ horizon }}d,
    {%- if shorter %}
    case
        {%- for other in shorter %}
        when in_use_{{ other }}d = {{ least_of }} then by_{{ other }}d
        {%- endfor %}
        else by_{{ horizon }}d
    end as scored_by_{{ horizon }}d,
    {%- else %}
    by_{{ horizon }}d as scored_by_{{ horizon }}d,
    {%- endif %}
    {%- endfor %}
    p_alive
from scored
