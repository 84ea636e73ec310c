{{ config(materialized='view') }}

select * from {{ ref('dayparts') }}
