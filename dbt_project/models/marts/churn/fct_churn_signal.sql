{%- set windows = var('activity_windows') -%}
{%- set recent = 'buyers.purchase_days_' ~ windows[0] ~ 'd' -%}
{%- set longer = 'purchase_days_' ~ windows[1] ~ 'd' -%}
{%- set usual = 'cast(buyers.' ~ longer ~ ' * ' ~ windows[0] ~ ' as double) / ' ~ windows[1] -%}
{%- set kept = share(recent ~ ' * ' ~ windows[1], 'buyers.' ~ longer ~ ' * ' ~ windows[0]) -%}
-- Two kinds of signals: a quantity over its threshold, and a sign that many days ago. A sign with a limit is an
-- interval of days, so only those that last past the threshold meet the as-of dates. Floors keep both from members of
-- whom the signal says little. Signals are the reasons of a warning, the weightiest first; churned members are not
-- warned: for them it is too late.
with cycles as (
    select * from {{ ref('member_cycle') }}
),

activity as (
    select * from {{ ref('member_activity') }}
),

sign_days as (
    select * from {{ ref('int_churn_signal__sign_days') }}
    where fires_from_on < fires_until_on
),

signals as (
    select * from {{ ref('dim_churn_signal') }}
    where is_active
),

thresholds as (
    select * from {{ ref('int_churn_signal__thresholds') }}
),

lifecycle as (
    select * from {{ ref('member_lifecycle') }}
),

buyers as (
    select
        activity.*,
        cycles.cycle_days,
        cycles.overdue_ratio
    from activity
    inner join cycles
        on activity.member_key = cycles.member_key
        and activity.as_of_date = cycles.as_of_date
),

quantities as (
    select
        buyers.*,
        signals.signal,
        case signals.measure when 'overdue_ratio' then buyers.days_since_purchase else {{ recent }} end as measured,
        case signals.measure when 'overdue_ratio' then buyers.cycle_days else {{ usual }} end as expected,
        case signals.measure when 'overdue_ratio' then buyers.overdue_ratio else 1 - {{ kept }} end as compared
    from buyers
    inner join signals on signals.measure in ('overdue_ratio', 'purchase_drop')
),

fired as (
    select
        quantities.member_key,
        quantities.as_of_date,
        quantities.signal,
        cast(quantities.measured as decimal(9, 2)) as measured_value,
        cast(quantities.expected as decimal(9, 2)) as expected_value,
        quantities.compared,
        quantities.last_purchase_on as evidence_on,
        0 as unsolved,
        max(thresholds.threshold_order) as threshold_order
    from quantities
    inner join thresholds
        on quantities.signal = thresholds.signal
        and quantities.compared > thresholds.more_than
        and quantities.overdue_ratio >= thresholds.minimum_overdue_ratio
        and quantities.{{ longer }} >= thresholds.minimum_purchase_days
    group by
        quantities.member_key, quantities.as_of_date, quantities.signal, quantities.measured, quantities.expected,
        quantities.compared, quantities.last_purchase_on
    union all
    select
        buyers.member_key,
        buyers.as_of_date,
        sign_days.signal,
        cast(min({{ days_between('sign_days.happened_on', 'buyers.as_of_date') }}) as decimal(9, 2)) as measured_value,
        null as expected_value,
        min({{ days_between('sign_days.happened_on', 'buyers.as_of_date') }}) as compared,
        max(sign_days.happened_on) as evidence_on,
        max(case when sign_days.solved_on > buyers.as_of_date then 1 else 0 end) as unsolved,
        max(sign_days.threshold_order) as threshold_order
    from sign_days
    inner join buyers
        on sign_days.member_key = buyers.member_key
        and sign_days.fires_from_on <= buyers.as_of_date
        and sign_days.fires_until_on > buyers.as_of_date
        and sign_days.minimum_overdue_ratio <= buyers.overdue_ratio
        and sign_days.minimum_purchase_days <= buyers.{{ longer }}
    group by buyers.member_key, buyers.as_of_date, sign_days.signal
)

select
    fired.member_key,
    fired.as_of_date,
    fired.signal,
    signals.signal_order,
    signals.family,
    thresholds.churn_level,
    thresholds.level_order,
    thresholds.step,
    fired.measured_value,
    fired.expected_value,
    cast(fired.compared as decimal(12, 6)) as compared_value,
    thresholds.threshold,
    fired.evidence_on,
    fired.unsolved > 0 as is_unsolved,
    case
        when lifecycle.stage not in ('prospect', 'churned')
            then cast(row_number() over (
                partition by fired.member_key, fired.as_of_date
                order by thresholds.level_order desc, signals.signal_order asc
            ) as integer)
    end as reason_rank,
    {{ churn_sentence('fired', 'sentence_en', 'signals') }} as sentence_en,
    {{ churn_sentence('fired', 'sentence_zh', 'signals') }} as sentence_zh
from fired
inner join thresholds
    on fired.signal = thresholds.signal
    and fired.threshold_order = thresholds.threshold_order
inner join signals on fired.signal = signals.signal
left join lifecycle
    on fired.member_key = lifecycle.member_key
    and fired.as_of_date = lifecycle.as_of_date
