{{ config(meta={'dagster': {'ref': {'name': 'aud_planned_touches'}}}) }}

-- A step waits as often as it must and goes once; the next one is on a later day.
with planned as (
    select
        *,
        lag(step_no) over (
            partition by campaign, entry_week, member_key order by planned_on, step_no
        ) as step_before,
        lag(planned_on) over (
            partition by campaign, entry_week, member_key order by planned_on, step_no
        ) as day_before
    from {{ ref('aud_planned_touches') }}
    where status = 'planned'
)

select *
from planned
where
    not is_sealed
    and (step_no <= step_before or planned_on <= day_before)
