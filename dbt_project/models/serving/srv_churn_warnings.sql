{%- set ranks = range(1, var('shown_reasons') + 1) -%}
with warnings as (
    select * from {{ ref('member_churn_warning') }}
),

levels as (
    select * from {{ ref('churn_levels') }}
),

signals as (
    select * from {{ ref('dim_churn_signal') }}
),

reasons as (
    select * from {{ ref('fct_churn_signal') }}
),

products as (
    select * from {{ ref('dim_product') }}
),

actions as (
    select * from {{ ref('churn_actions') }}
)

select
    warnings.*,
    levels.level_order,
    levels.label_en as level_label_en,
    levels.label_zh as level_label_zh,
    levels.answer_en,
    levels.answer_zh,
    signals.label_en as main_signal_label_en,
    signals.label_zh as main_signal_label_zh,
    actions.label_en as action_label_en,
    actions.label_zh as action_label_zh,
    {%- for rank in ranks %}
    reason_{{ rank }}.signal as reason_{{ rank }}_signal,
    reason_{{ rank }}.churn_level as reason_{{ rank }}_level,
    reason_{{ rank }}.sentence_en as reason_{{ rank }}_en,
    reason_{{ rank }}.sentence_zh as reason_{{ rank }}_zh,
    reason_{{ rank }}.measured_value as reason_{{ rank }}_measured,
    reason_{{ rank }}.expected_value as reason_{{ rank }}_expected,
    {%- endfor %}
    products.product_name as missed_product_name
from warnings
inner join levels on warnings.churn_level = levels.churn_level
inner join signals on warnings.main_signal = signals.signal
inner join actions
    on warnings.action_family = actions.family
    and warnings.is_unsolved = actions.is_unsolved
{%- for rank in ranks %}
left join reasons as reason_{{ rank }}
    on warnings.member_key = reason_{{ rank }}.member_key
    and warnings.as_of_date = reason_{{ rank }}.as_of_date
    and reason_{{ rank }}.reason_rank = {{ rank }}
{%- endfor %}
left join products
    on warnings.missed_source = products.source
    and warnings.missed_product_id = products.product_id
