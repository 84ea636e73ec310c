{{ config(materialized='view') }}

select * from {{ ref('silence_tier_labels') }}
