{{ config(materialized='view') }}

select
    member_key,
    as_of_date,
    scored_cell,
    named_cell,
    previous_cell,
    net_amount
from {{ ref('fct_rfm_cell') }}
where is_asked_for
