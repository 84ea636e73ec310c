-- The warning of a member is that of the weightiest reason, with the first action that the reasons call for. Who is
-- held out is warned like everybody else, and answered by nobody: only so can be measured what answering does.
with reasons as (
    select * from {{ ref('fct_warning_reason') }}
),

actions as (
    select * from {{ ref('fct_warning_action') }}
    where action_rank = 1
),

missed_products as (
    select * from {{ ref('fct_missed_product') }}
    where missed_rank = 1
),

follow_up as (
    select * from {{ ref('warning_follow_up') }}
),

counted as (
    select
        *,
        count(*) over (partition by member_key, as_of_date) as signals
    from reasons
)

select
    counted.member_key,
    counted.as_of_date,
    counted.churn_level,
    cast(counted.signals as integer) as signals,
    counted.signal as main_signal,
    counted.step as main_step,
    counted.evidence_on,
    counted.sentence_en,
    counted.sentence_zh,
    actions.action,
    actions.family as action_family,
    actions.is_unsolved,
    actions.owner_role,
    {{ add_days('counted.as_of_date', 'actions.due_days') }} as due_on,
    missed_products.wanted_because as missed_because,
    missed_products.source as missed_source,
    missed_products.product_id as missed_product_id,
    {{ hash_fraction('follow_up.salt', 'counted.member_key') }} < cast(follow_up.held_out_share as double)
        as is_held_out
from counted
inner join actions
    on counted.member_key = actions.member_key
    and counted.as_of_date = actions.as_of_date
cross join follow_up
left join missed_products
    on counted.member_key = missed_products.member_key
    and counted.as_of_date = missed_products.as_of_date
where counted.reason_rank = 1
