{{ config(meta={'dagster': {'ref': {'name': 'rfm_cells'}}}) }}

with scores as (
    select score from {{ ref('rfm_scores') }}
)

select
    recency.score as recency_score,
    frequency.score as frequency_score,
    monetary.score as monetary_score,
    count(cells.named_cell) as cells
from scores as recency
cross join scores as frequency
cross join scores as monetary
left join {{ ref('rfm_cells') }} as cells
    on recency.score between cells.recency_from and cells.recency_to
    and frequency.score between cells.frequency_from and cells.frequency_to
    and monetary.score between cells.monetary_from and cells.monetary_to
group by recency.score, frequency.score, monetary.score
having count(cells.named_cell) <> 1
