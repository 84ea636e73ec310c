{{ config(materialized='table') }}

-- A table, for readers do not get what it is made of.
with flow as (
    select * from {{ ref('int_stages__flows') }}
),

stages as (
    select * from {{ ref('stages') }}
)

select
    flow.as_of_date,
    flow.previous_as_of_date,
    flow.from_stage,
    flow.to_stage,
    to_stages.label_en as to_stage_label_en,
    to_stages.label_zh as to_stage_label_zh,
    flow.members,
    flow.share_of_from_stage
from flow
inner join stages as to_stages on flow.to_stage = to_stages.stage
