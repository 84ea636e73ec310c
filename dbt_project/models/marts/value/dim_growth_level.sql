{{ config(materialized='view') }}

select * from {{ ref('growth_levels') }}
