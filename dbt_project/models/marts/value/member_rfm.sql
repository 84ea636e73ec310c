with measured as (
    select * from {{ ref('int_rfm__values') }}
    where is_asked_for
),

cells as (
    select * from {{ ref('int_rfm__cells') }}
)

select
    measured.member_key,
    measured.as_of_date,
    measured.category_group,
    cast(-measured.recency as integer) as days_since_purchase,
    cast(measured.frequency as integer) as purchase_days,
    measured.monetary as net_amount,
    measured.margin as margin_amount,
    cells.recency_score,
    cells.frequency_score,
    cells.monetary_score,
    cells.margin_score,
    cells.recency_score + cells.frequency_score + cells.monetary_score as rfm_total_score,
    cast(cells.recency_score as {{ dbt.type_string() }})
    || cast(cells.frequency_score as {{ dbt.type_string() }})
    || cast(cells.monetary_score as {{ dbt.type_string() }}) as rfm_cell,
    cells.scored_cell,
    cells.named_cell,
    cells.previous_cell
from measured
inner join cells
    on measured.member_key = cells.member_key
    and measured.as_of_date = cells.as_of_date
