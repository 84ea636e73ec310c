{%- set horizons = var('churn_horizons') -%}
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
    base_p_no_purchase_{{ horizon }}d as p_no_purchase_{{ horizon }}d,
    base_p_no_purchase_{{ horizon }}d,
    cast(null as decimal(9, 6)) as model_p_no_purchase_{{ horizon }}d,
    cast('base' as {{ dbt.type_string() }}) as scored_by_{{ horizon }}d,
    {%- endfor %}
    p_alive
from {{ ref('member_churn_base') }}
