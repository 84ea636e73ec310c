{%- set measures = ['recency', 'frequency', 'monetary', 'margin'] -%}
with measured as (
    select * from {{ ref('int_rfm_values') }}
),

cut_points as (
    select * from {{ ref('fct_rfm_cut_point') }}
),

cells as (
    select * from {{ ref('rfm_cells') }}
)
{%- for measure in measures %},

{{ measure }}_scores as (
    select
        measured.member_key,
        measured.as_of_date,
        cast(1 + sum(case when measured.{{ measure }} >= cut_points.cut_value then 1 else 0 end) as integer) as score
    from measured
    inner join cut_points
        on measured.as_of_date = cut_points.as_of_date
        and measured.category_group = cut_points.category_group
        and cut_points.measure = '{{ measure }}'
    where measured.{{ measure }} is not null
    group by measured.member_key, measured.as_of_date
)
{%- endfor %}

select
    measured.member_key,
    measured.as_of_date,
    measured.is_asked_for,
    measured.category_group,
    cast(-measured.recency as integer) as days_since_purchase,
    cast(measured.frequency as integer) as purchase_days,
    measured.monetary as net_amount,
    measured.margin as margin_amount,
    recency_scores.score as recency_score,
    frequency_scores.score as frequency_score,
    monetary_scores.score as monetary_score,
    margin_scores.score as margin_score,
    recency_scores.score + frequency_scores.score + monetary_scores.score as rfm_total_score,
    cast(recency_scores.score as {{ dbt.type_string() }})
    || cast(frequency_scores.score as {{ dbt.type_string() }})
    || cast(monetary_scores.score as {{ dbt.type_string() }}) as rfm_cell,
    cells.named_cell as scored_cell
from measured
{% for measure in measures %}
left join {{ measure }}_scores
    on measured.member_key = {{ measure }}_scores.member_key
    and measured.as_of_date = {{ measure }}_scores.as_of_date
{% endfor %}
left join cells
    on recency_scores.score between cells.recency_from and cells.recency_to
    and frequency_scores.score between cells.frequency_from and cells.frequency_to
    and monetary_scores.score between cells.monetary_from and cells.monetary_to
