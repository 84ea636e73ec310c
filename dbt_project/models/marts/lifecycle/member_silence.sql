{{ config(materialized='view') }}

-- A churned member keeps the tier reached on the way, for whoever asks how deep the silence is.
with lifecycle as (
    select * from {{ ref('member_lifecycle') }}
)

select
    member_key,
    as_of_date,
    category_group,
    silence_tier,
    stage = 'silent' as is_silent,
    days_silent,
    days_since_purchase,
    touches_since_active,
    unanswered_touches
from lifecycle
where stage <> 'prospect'
