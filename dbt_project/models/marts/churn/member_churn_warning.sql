-- The warning of a member is that of the highest signal. The action is the first that signals of that level call for;
-- an open problem goes before everything, so nobody is sent a coupon while a complaint is open.
with fired as (
    select * from {{ ref('fct_churn_signal') }}
),

signals as (
    select * from {{ ref('dim_churn_signal') }}
),

levels as (
    select * from {{ ref('churn_levels') }}
),

actions as (
    select * from {{ ref('churn_actions') }}
),

lifecycle as (
    select * from {{ ref('member_lifecycle') }}
),

ranked as (
    select
        fired.*,
        levels.level_order,
        signals.sentence_en,
        signals.sentence_zh,
        signals.family,
        actions.action,
        actions.owner_role,
        actions.due_days,
        row_number() over (
            partition by fired.member_key, fired.as_of_date
            order by levels.level_order desc, signals.signal_order asc
        ) as signal_rank,
        row_number() over (
            partition by fired.member_key, fired.as_of_date
            order by
                case when fired.is_unsolved then 0 else 1 end asc,
                levels.level_order desc,
                actions.action_order asc,
                signals.signal_order asc
        ) as action_rank,
        count(*) over (partition by fired.member_key, fired.as_of_date) as signals
    from fired
    inner join levels on fired.churn_level = levels.churn_level
    inner join signals on fired.signal = signals.signal
    inner join actions
        on signals.family = actions.family
        and fired.is_unsolved = actions.is_unsolved
),

main_signals as (
    select * from ranked
    where signal_rank = 1
),

first_actions as (
    select * from ranked
    where action_rank = 1
)

select
    main_signals.member_key,
    main_signals.as_of_date,
    main_signals.churn_level,
    cast(main_signals.signals as integer) as signals,
    main_signals.signal as main_signal,
    main_signals.step as main_step,
    main_signals.evidence_on,
    {{ churn_sentence('main_signals', 'sentence_en') }} as sentence_en,
    {{ churn_sentence('main_signals', 'sentence_zh') }} as sentence_zh,
    first_actions.action,
    first_actions.family as action_family,
    first_actions.is_unsolved,
    first_actions.owner_role,
    {{ add_days('main_signals.as_of_date', 'first_actions.due_days') }} as due_on
from main_signals
inner join first_actions
    on main_signals.member_key = first_actions.member_key
    and main_signals.as_of_date = first_actions.as_of_date
inner join lifecycle
    on main_signals.member_key = lifecycle.member_key
    and main_signals.as_of_date = lifecycle.as_of_date
where lifecycle.stage not in ('prospect', 'churned')
