{%- set windows = var('activity_windows') -%}
{%- set recent = 'activity.purchase_days_' ~ windows[0] ~ 'd' -%}
{%- set longer = 'activity.purchase_days_' ~ windows[1] ~ 'd' -%}
-- Two kinds of signals: a quantity over its threshold, and a sign that many days ago. A sign with a limit is an
-- interval of days, so only those that last past the threshold meet the as-of dates.
with cycles as (
    select * from {{ ref('member_cycle') }}
),

activity as (
    select * from {{ ref('member_activity') }}
),

signs as (
    select * from {{ ref('int_member_signs') }}
),

signals as (
    select * from {{ ref('dim_churn_signal') }}
    where is_active
),

thresholds as (
    select * from {{ ref('dim_churn_threshold') }}
),

quantities as (
    select
        cycles.member_key,
        cycles.as_of_date,
        'overdue_ratio' as measure,
        activity.days_since_purchase as measured,
        cycles.cycle_days as expected,
        cycles.overdue_ratio as compared,
        activity.last_purchase_on as evidence_on
    from cycles
    inner join activity
        on cycles.member_key = activity.member_key
        and cycles.as_of_date = activity.as_of_date
    union all
    select
        activity.member_key,
        activity.as_of_date,
        'purchase_drop' as measure,
        {{ recent }} as measured,
        cast({{ longer }} * {{ windows[0] }} as double) / {{ windows[1] }} as expected,
        1 - {{ share(recent ~ ' * ' ~ windows[1], longer ~ ' * ' ~ windows[0]) }} as compared,
        activity.last_purchase_on as evidence_on
    from activity
    where {{ longer }} > 0
),

sign_days as (
    select
        signs.member_key,
        signs.happened_on,
        signs.solved_on,
        signals.signal,
        thresholds.threshold_order,
        {{ add_days('signs.happened_on', 'thresholds.at_least_days') }} as fires_from_on,
        least(
            signs.stands_until_on,
            coalesce({{ add_days('signs.happened_on', 'thresholds.less_than_days') }}, signs.stands_until_on)
        ) as fires_until_on
    from signs
    inner join signals on signs.sign = signals.measure
    inner join thresholds on signals.signal = thresholds.signal
),

fired as (
    select
        quantities.member_key,
        quantities.as_of_date,
        signals.signal,
        quantities.measured,
        quantities.expected,
        quantities.compared,
        quantities.evidence_on,
        0 as unsolved,
        max(thresholds.threshold_order) as threshold_order
    from quantities
    inner join signals on quantities.measure = signals.measure
    inner join thresholds
        on signals.signal = thresholds.signal
        and quantities.compared > thresholds.more_than
    group by
        quantities.member_key, quantities.as_of_date, signals.signal, quantities.measured, quantities.expected,
        quantities.compared, quantities.evidence_on
    union all
    select
        cycles.member_key,
        cycles.as_of_date,
        sign_days.signal,
        min({{ days_between('sign_days.happened_on', 'cycles.as_of_date') }}) as measured,
        null as expected,
        min({{ days_between('sign_days.happened_on', 'cycles.as_of_date') }}) as compared,
        max(sign_days.happened_on) as evidence_on,
        max(case when sign_days.solved_on > cycles.as_of_date then 1 else 0 end) as unsolved,
        max(sign_days.threshold_order) as threshold_order
    from sign_days
    inner join cycles
        on sign_days.member_key = cycles.member_key
        and sign_days.fires_from_on <= cycles.as_of_date
        and sign_days.fires_until_on > cycles.as_of_date
    where sign_days.fires_from_on < sign_days.fires_until_on
    group by cycles.member_key, cycles.as_of_date, sign_days.signal
)

select
    fired.member_key,
    fired.as_of_date,
    fired.signal,
    thresholds.churn_level,
    thresholds.step,
    cast(fired.measured as decimal(9, 2)) as measured_value,
    cast(fired.expected as decimal(9, 2)) as expected_value,
    cast(fired.compared as decimal(12, 6)) as compared_value,
    thresholds.threshold,
    fired.evidence_on,
    fired.unsolved > 0 as is_unsolved
from fired
inner join thresholds
    on fired.signal = thresholds.signal
    and fired.threshold_order = thresholds.threshold_order
