{{ config(materialized='view') }}

select
    member_key,
    as_of_date,
    category_group,
    days_since_purchase,
    purchase_days,
    net_amount,
    margin_amount,
    recency_score,
    frequency_score,
    monetary_score,
    margin_score,
    rfm_total_score,
    rfm_cell
from {{ ref('fct_rfm_score') }}
where is_asked_for
