{%- set quantities = {
    'y': 'outcome_value', 'x': 'pre_period_value', 'd': 'denominator_value',
} -%}
{%- set products = ['yy', 'xx', 'dd', 'xy', 'dy', 'dx'] -%}
{%- set factors = {
    'n': 'cast(read.outcome_value - coalesce(read.denominator_value, 0) as decimal(18, 2))',
    'x': 'cast(read.pre_period_value as decimal(18, 2))',
} -%}
{%- set cubes = ['nnn', 'nnx', 'nxx', 'xxx'] -%}
{%- set attributes = ['stage', 'silence_tier', 'silence_cause', 'value_tier', 'region', 'home_store_id'] -%}
-- All that leaves the members: sums, by the letters of docs/experiments.md. Look 0 reads everybody matured; a planned
-- look reads the weeks declared for it, so that what it said can be said again from any later build. Only segments that
-- were declared before the start are read. Cubes are of cents, for longer decimals would not fit.
with outcomes as (
    select * from {{ ref('exp_outcomes') }}
),

looks as (
    select * from {{ ref('exp_arm_stats__looks') }}
    where is_reached
),

assignments as (
    select * from {{ ref('exp_assignments__first') }}
),

declared as (
    select * from {{ ref('experiment_segments') }}
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
        declared.segment,
        coalesce(
            case declared.segment
                {%- for attribute in attributes %}
                when '{{ attribute }}' then assignments.{{ attribute }}
                {%- endfor %}
            end,
            'none'
        ) as segment_value
    from outcomes
    inner join declared on outcomes.experiment = declared.experiment
    inner join assignments
        on outcomes.experiment = assignments.experiment
        and outcomes.member_key = assignments.member_key
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
    {%- for cube in cubes %}
    {%- set first, second, third = factors[cube[0]], factors[cube[1]], factors[cube[2]] %}
    cast(sum({{ exact_product(exact_product(first, second), third) }}) as decimal(38, 6)) as sum_{{ cube }},
    {%- endfor %}
    count(*) as members
from read
cross join builds
group by
    read.purpose, read.experiment, read.metric, read.look_no, read.segment, read.segment_value, read.arm,
    builds.as_of_date, read.window_days
