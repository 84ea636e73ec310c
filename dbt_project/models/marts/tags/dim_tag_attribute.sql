{{ config(materialized='view') }}

select
    attribute,
    layer,
    label_en,
    label_zh,
    data_type,
    unit,
    description,
    source_model,
    source_columns
from {{ ref('attributes') }}
