{{ config(materialized='view') }}

{%- set attributes = ['stage', 'silence_tier', 'silence_cause', 'value_tier', 'region', 'home_store_id'] -%}
-- Only what was declared before the start is read by segment.
with assignments as (
    select * from {{ ref('exp_assignments') }}
),

declared as (
    select * from {{ ref('experiment_segments') }}
)

{% for attribute in attributes -%}
select
    assignments.experiment,
    assignments.member_key,
    declared.segment,
    coalesce(assignments.{{ attribute }}, 'none') as segment_value
from assignments
inner join declared
    on assignments.experiment = declared.experiment
    and declared.segment = '{{ attribute }}'
{{ "" if loop.last else "union all\n" }}
{%- endfor %}
