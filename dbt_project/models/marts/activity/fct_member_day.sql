{{ config(materialized='view') }}

select
    member_key,
    activity_on,
    next_on,
    coalesce(last_purchase_on = activity_on, false) as has_purchase,
    coalesce(last_interaction_on = activity_on, false) as has_interaction,
    first_purchase_on,
    last_active_on,
    purchase_days,
    net_amount
from {{ ref('int_member_days') }}
