{%- set quantities = {
    'y': 'outcome_value', 'x': 'pre_period_value', 'd': 'denominator_value',
} -%}
{%- set products = ['yy', 'xx', 'dd', 'xy', 'dy', 'dx'] -%}
-- All that leaves the members: sums, by the letters of docs/experiments.md. Look 0 reads everybody matured; a planned
-- look reads the weeks declared for it, so that what it said can be said again from any later build.
with outcomes as (
    select * from {{ ref('exp_outcomes') }}
),

looks as (
    select * from {{ ref('exp_looks') }}
    where is_reached
),

segments as (
    select * from {{ ref('exp_segments') }}
),

builds as (
    select * from {{ ref('stg_rekindle__builds') }}
),

read as (
    select
        outcomes.*,
        0 as look_no,
        'all' as segment,
        'all' as segment_value
    from outcomes
    union all
    select
        outcomes.*,
        looks.look_no,
        'all' as segment,
        'all' as segment_value
    from outcomes
    inner join looks
        on outcomes.experiment = looks.experiment
        and outcomes.starts_on <= looks.last_entry_week
    where outcomes.purpose = 'effect'
    union all
    select
        outcomes.*,
        0 as look_no,
        segments.segment,
        segments.segment_value
    from outcomes
    inner join segments
        on outcomes.experiment = segments.experiment
        and outcomes.member_key = segments.member_key
    where outcomes.purpose = 'effect'
)

select
    read.purpose,
    read.experiment,
    read.metric,
    read.look_no,
    read.segment,
    read.segment_value,
    read.arm,
    builds.as_of_date,
    read.window_days,
    {%- for letter, quantity in quantities.items() %}
    cast(sum(read.{{ quantity }}) as decimal(38, 4)) as sum_{{ letter }},
    {%- endfor %}
    {%- for product in products %}
    {%- set left, right = quantities[product[0]], quantities[product[1]] %}
    cast(sum({{ exact_product('read.' ~ left, 'read.' ~ right) }}) as decimal(38, 8)) as sum_{{ product }},
    {%- endfor %}
    count(*) as members
from read
cross join builds
group by
    read.purpose, read.experiment, read.metric, read.look_no, read.segment, read.segment_value, read.arm,
    builds.as_of_date, read.window_days
