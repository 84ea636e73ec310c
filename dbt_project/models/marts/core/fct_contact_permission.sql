{{ config(materialized='view') }}

select
    member_key,
    channel,
    purpose,
    is_allowed,
    changed_on,
    next_on
from {{ ref('int_permissions') }}
