{{ config(materialized='table', meta={'public': true}) }}
select build_id, as_of_date, code_version from {{ source('rekindle', 'builds') }}
