{{ config(materialized='view') }}

select
    member_key,
    active_on,
    coalesce(last_purchase_on = active_on, false) as has_purchase,
    coalesce(last_interaction_on = active_on, false) as has_interaction
from {{ ref('int_member_days') }}
where active_on is not null
