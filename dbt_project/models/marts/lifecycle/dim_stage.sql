{{ config(materialized='view') }}

select * from {{ ref('stages') }}
