{{ config(materialized='view') }}

select
    build_id,
    as_of_date,
    code_version
from {{ ref('int_builds') }}
