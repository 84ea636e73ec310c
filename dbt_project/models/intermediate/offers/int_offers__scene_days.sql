-- Scenes of the calendar, day by day: the phases of each promotion, and its theme on all of them. What members did last
-- gives the scenes of channel and trigger (int_offers__member_rules).
with promotions as (
    select * from {{ ref('promotions') }}
),

phases as (
    select * from {{ ref('promotion_phases') }}
),

numbers as (
    {{ dbt.generate_series(var('longest_scene_days')) }}
),

windows as (
    select
        {%- for edge in ('from', 'to') %}
        {%- set is_start = 'phases.' ~ edge ~ "_edge = 'starts_on'" %}
        {%- set day = 'case when ' ~ is_start ~ ' then promotions.starts_on else promotions.ends_on end' %}
        {{ add_days(day, 'phases.' ~ edge ~ '_offset_days') }} as {{ edge }}_on,
        {%- endfor %}
        promotions.code as promotion,
        promotions.theme,
        phases.scene
    from promotions
    cross join phases
),

phase_days as (
    select
        windows.promotion,
        windows.theme,
        windows.scene,
        {{ add_days('windows.from_on', 'numbers.generated_number - 1') }} as scene_on
    from windows
    inner join numbers
        on {{ days_between('windows.from_on', 'windows.to_on') }} + 1 >= numbers.generated_number
)

select
    scene_on,
    scene,
    promotion
from phase_days
union all
select distinct
    scene_on,
    theme as scene,
    promotion
from phase_days
