{{ config(materialized='view') }}

select
    tag,
    layer,
    label_en,
    label_zh,
    definition,
    owner,
    refresh,
    action,
    metric,
    lowest_expected_share,
    highest_expected_share,
    valid_from as starts_on,
    valid_to as ends_on
from {{ ref('product_tags') }}
