{{ config(materialized='view') }}

select * from {{ ref('churn_populations') }}
