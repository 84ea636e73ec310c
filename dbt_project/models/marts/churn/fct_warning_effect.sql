{%- set metrics = {
    'returned': 'case when is_returned then 1 else 0 end', 'net_amount': 'net_amount', 'margin_amount': 'margin_amount'
} -%}
{%- set groups = {'answerable': 'not measured.is_held_out', 'held_out': 'measured.is_held_out'} -%}
{%- set square = exact_product('measured.amount', 'measured.amount') -%}
-- By group as drawn, every member once: by the first episode. Margins are compared where each is known, for where one
-- is not its member has bought. Variances of the groups may differ; the sums are exact.
with rules as (
    {{ settings('churn_settings', ['warning_interval_z', 'warning_least_members']) }}
),

measured as (
    {%- for metric, expression in metrics.items() %}
    select
        horizon_days,
        churn_level,
        is_held_out,
        '{{ metric }}' as metric,
        {{ money(expression) }} as amount
    from {{ ref('fct_warning_outcome') }}
    where is_first_episode
    {{ "union all" if not loop.last }}
    {%- endfor %}
),

summed as (
    select
        {%- for group, is_member in groups.items() %}
        count(case when {{ is_member }} then measured.amount end) as {{ group }}_members,
        coalesce({{ money_sum('case when ' ~ is_member ~ ' then measured.amount end') }}, 0) as {{ group }}_total,
        coalesce(
            cast(sum(case when {{ is_member }} then {{ square }} end) as decimal(38, 4)), 0
        ) as {{ group }}_squares,
        {%- endfor %}
        measured.horizon_days,
        comparisons.comparison,
        measured.metric
    from measured
    inner join {{ ref('warning_comparisons') }} as comparisons
        on coalesce(measured.churn_level = comparisons.churn_level, comparisons.churn_level is null)
    group by measured.horizon_days, comparisons.comparison, measured.metric
    having count(measured.amount) = count(*)
),

described as (
    select
        {%- for group in groups %}
        cast({{ group }}_total as double) / nullif({{ group }}_members, 0) as {{ group }}_mean,
        {%- set total_square = exact_product(group ~ '_total', group ~ '_total') %}
        cast({{ group }}_members * {{ group }}_squares - {{ total_square }} as double)
        / nullif(cast({{ group }}_members as double) * {{ group }}_members * ({{ group }}_members - 1), 0)
            as {{ group }}_square_error,
        {%- endfor %}
        summed.*
    from summed
),

-- No interval where nobody differs from anybody, or where there are so few that they may by chance be too much alike.
compared as (
    select
        described.*,
        described.answerable_mean - described.held_out_mean as effect,
        case
            when least(described.answerable_members, described.held_out_members) >= rules.warning_least_members
                then
                    cast(rules.warning_interval_z as double)
                    * nullif(sqrt(described.answerable_square_error + described.held_out_square_error), 0)
        end as half_width
    from described
    cross join rules
)

select
    compared.horizon_days,
    compared.comparison,
    comparisons.comparison_order,
    comparisons.label_en as comparison_label_en,
    comparisons.label_zh as comparison_label_zh,
    compared.metric,
    metrics.metric_order,
    metrics.label_en as metric_label_en,
    metrics.label_zh as metric_label_zh,
    compared.answerable_members,
    compared.held_out_members,
    cast(compared.answerable_mean as decimal(28, 10)) as answerable_mean,
    cast(compared.held_out_mean as decimal(28, 10)) as held_out_mean,
    cast(compared.effect as decimal(28, 10)) as effect,
    cast(compared.effect - compared.half_width as decimal(28, 10)) as effect_lower,
    cast(compared.effect + compared.half_width as decimal(28, 10)) as effect_upper
from compared
left join {{ ref('warning_comparisons') }} as comparisons on compared.comparison = comparisons.comparison
left join {{ ref('warning_metrics') }} as metrics on compared.metric = metrics.metric
