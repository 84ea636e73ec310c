{{ config(meta={'dagster': {'ref': {'name': 'member_rfm'}}}) }}

{% set measures = {
    'recency_score': '-days_since_purchase', 'frequency_score': 'purchase_days', 'monetary_score': 'net_amount',
} %}

with scored as (
    {%- for score, measure_value in measures.items() %}
    select
        as_of_date,
        category_group,
        '{{ score }}' as measure,
        cast({{ measure_value }} as decimal(18, 2)) as measure_value,
        min({{ score }}) as lowest_score,
        max({{ score }}) as highest_score
    from {{ ref('member_rfm') }}
    group by as_of_date, category_group, {{ measure_value }}
    {{- "
    union all" if not loop.last }}
    {%- endfor %}
),

compared as (
    select
        *,
        lag(highest_score) over (
            partition by as_of_date, category_group, measure
            order by measure_value
        ) as score_below
    from scored
)

select *
from compared
where
    lowest_score <> highest_score
    or score_below > lowest_score
