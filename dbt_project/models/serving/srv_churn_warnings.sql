with warnings as (
    select * from {{ ref('member_churn_warning') }}
),

levels as (
    select * from {{ ref('dim_churn_level') }}
),

signals as (
    select * from {{ ref('dim_churn_signal') }}
),

actions as (
    select * from {{ ref('dim_churn_action') }}
),

queue as (
    select * from {{ ref('fct_churn_response_queue') }}
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
    queue.response_queue,
    queue.queue_rank,
    queue.expected_loss_amount
from warnings
inner join levels on warnings.churn_level = levels.churn_level
inner join signals on warnings.main_signal = signals.signal
inner join actions
    on warnings.action_family = actions.family
    and warnings.is_unsolved = actions.is_unsolved
left join queue
    on warnings.member_key = queue.member_key
    and warnings.as_of_date = queue.as_of_date
