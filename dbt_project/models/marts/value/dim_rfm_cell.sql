{{ config(materialized='view') }}

select
    named_cell,
    cell_order,
    label_en,
    label_zh,
    recency_from,
    recency_to,
    frequency_from,
    frequency_to,
    monetary_from,
    monetary_to,
    play,
    play_label_en,
    play_label_zh,
    todo_en,
    todo_zh
from {{ ref('rfm_cells') }}
