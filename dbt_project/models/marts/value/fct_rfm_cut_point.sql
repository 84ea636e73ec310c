{{ config(materialized='history') }}
{%- set measures = ['recency', 'frequency', 'monetary', 'margin'] -%}
-- The value a member must reach for each score. By quantile: the smallest value with at least (score - 1) fifths of the
-- members strictly below it, found on the distinct values, so equal values can never straddle a cut. Recency is held as
-- negative days, so that more is better for every measure.
with members as (
    select * from {{ ref('int_rfm__values') }}
),

settings as (
    {{ settings('value_settings', ['minimum_group_members']) }}
),

methods as (
    select * from {{ ref('rfm_methods') }}
),

fixed as (
    select * from {{ ref('rfm_fixed_cut_points') }}
),

scores as (
    select score
    from {{ ref('rfm_scores') }}
    where score > 1
),

best as (
    select max(score) as score from {{ ref('rfm_scores') }}
),

counted as (
    {%- for measure in measures %}
    select
        as_of_date,
        category_group,
        '{{ measure }}' as measure,
        {{ measure }} as measure_value,
        count(*) as members
    from members
    where {{ measure }} is not null
    group by as_of_date, category_group, {{ measure }}
    {{- "
    union all" if not loop.last }}
    {%- endfor %}
),

-- Members of a group too small for quantiles of its own are cut with everybody.
pooled as (
    select
        as_of_date,
        category_group,
        measure,
        measure_value,
        members
    from counted
    union all
    select
        as_of_date,
        'all' as category_group,
        measure,
        measure_value,
        sum(members) as members
    from counted
    group by as_of_date, measure, measure_value
),

ranked as (
    select
        as_of_date,
        category_group,
        measure,
        measure_value,
        sum(members) over (partition by as_of_date, category_group, measure) as members_in_group,
        sum(members) over (
            partition by as_of_date, category_group, measure
            order by measure_value rows between unbounded preceding and current row
        ) - members as members_below
    from pooled
),

quantiles as (
    select
        ranked.as_of_date,
        ranked.category_group,
        ranked.measure,
        scores.score,
        max(ranked.members_in_group) as members_in_group,
        min(
            case
                when ranked.members_below * best.score >= (scores.score - 1) * ranked.members_in_group
                    then ranked.measure_value
            end
        ) as cut_value
    from ranked
    cross join scores
    cross join best
    group by ranked.as_of_date, ranked.category_group, ranked.measure, scores.score
)

select
    everybody.as_of_date,
    methods.category_group,
    methods.measure,
    everybody.score,
    case
        when methods.method = 'fixed' then 'fixed'
        when own.members_in_group >= settings.minimum_group_members then 'quantile of the group'
        else 'quantile of all'
    end as method,
    cast(
        case
            when methods.method = 'fixed' and methods.measure = 'recency' then -fixed.cut_value
            when methods.method = 'fixed' then fixed.cut_value
            when own.members_in_group >= settings.minimum_group_members then own.cut_value
            else everybody.cut_value
        end as decimal(18, 2)
    ) as cut_value
from methods
cross join settings
inner join quantiles as everybody
    on methods.measure = everybody.measure
    and everybody.category_group = 'all'
left join quantiles as own
    on everybody.as_of_date = own.as_of_date
    and methods.category_group = own.category_group
    and everybody.measure = own.measure
    and everybody.score = own.score
left join fixed
    on methods.category_group = fixed.category_group
    and methods.measure = fixed.measure
    and everybody.score = fixed.score
