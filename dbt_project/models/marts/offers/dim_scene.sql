{{ config(materialized='view') }}

select * from {{ ref('scenes') }}
