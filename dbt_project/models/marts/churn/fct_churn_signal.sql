{%- set windows = var('activity_windows') -%}
{%- set recent = 'activity.purchase_days_' ~ windows[0] ~ 'd' -%}
{%- set longer = 'activity.purchase_days_' ~ windows[1] ~ 'd' -%}
-- Two kinds of signals: a quantity over its threshold, and a sign that many days ago. A sign with a limit is an
-- interval of days, so only those that last past the threshold meet the as-of dates. Floors keep both from those of
-- whom the signal says little.
with cycles as (
    select
        member_key,
        as_of_date,
        cycle_days,
        overdue_ratio
    from {{ ref('member_cycle') }}
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

buyers as (
    select
        cycles.*,
        activity.last_purchase_on,
        activity.days_since_purchase,
        {{ recent }} as recent_purchase_days,
        {{ longer }} as purchase_days
    from cycles
    inner join activity
        on cycles.member_key = activity.member_key
        and cycles.as_of_date = activity.as_of_date
),

quantities as (
    select
        *,
        'overdue_ratio' as measure,
        days_since_purchase as measured,
        cycle_days as expected,
        overdue_ratio as compared
    from buyers
    union all
    select
        *,
        'purchase_drop' as measure,
        recent_purchase_days as measured,
        cast(purchase_days * {{ windows[0] }} as double) / {{ windows[1] }} as expected,
        1 - {{ share('recent_purchase_days * ' ~ windows[1], 'purchase_days * ' ~ windows[0]) }} as compared
    from buyers
    where purchase_days > 0
),

sign_days as (
    select
        signs.member_key,
        signs.happened_on,
        signs.solved_on,
        signals.signal,
        thresholds.threshold_order,
        thresholds.minimum_overdue_ratio,
        thresholds.minimum_purchase_days,
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
        quantities.last_purchase_on as evidence_on,
        0 as unsolved,
        max(thresholds.threshold_order) as threshold_order
    from quantities
    inner join signals on quantities.measure = signals.measure
    inner join thresholds
        on signals.signal = thresholds.signal
        and quantities.compared > thresholds.more_than
        and quantities.overdue_ratio >= thresholds.minimum_overdue_ratio
        and quantities.purchase_days >= thresholds.minimum_purchase_days
    group by
        quantities.member_key, quantities.as_of_date, signals.signal, quantities.measured, quantities.expected,
        quantities.compared, quantities.last_purchase_on
    union all
    select
        buyers.member_key,
        buyers.as_of_date,
        sign_days.signal,
        min({{ days_between('sign_days.happened_on', 'buyers.as_of_date') }}) as measured,
        null as expected,
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
        and sign_days.minimum_purchase_days <= buyers.purchase_days
    where sign_days.fires_from_on < sign_days.fires_until_on
    group by buyers.member_key, buyers.as_of_date, sign_days.signal
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
