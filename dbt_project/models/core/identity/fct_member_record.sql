{{ config(materialized='view') }}

select
    record_key,
    member_key,
    updated_at
from {{ ref('int_identity__members') }}
