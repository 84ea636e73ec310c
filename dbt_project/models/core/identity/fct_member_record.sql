{{ config(materialized='view') }}

select
    record_key,
    member_key,
    updated_at,
    is_deleted
from {{ ref('int_identity__members') }}
