{%- set horizons = var('churn_horizons') -%}
-- The probability as a signal: it fires for those most at risk, a share of the active members per level, so that there
-- are about as many as can be answered. Whoever is silent and more at risk than the last of them is as well. Who is not
-- due within the horizon is left alone: that they will not buy says nothing. As many as the queues can ask within some
-- weeks, and no more, stand at levels that need a person. Equal probabilities have equal levels.
with probabilities as (
    select * from {{ ref('member_churn_probability') }}
),

cycles as (
    select * from {{ ref('member_cycle') }}
),

lifecycle as (
    select * from {{ ref('member_lifecycle') }}
    where stage not in ('prospect', 'churned')
),

stages as (
    select * from {{ ref('stages') }}
),

signals as (
    select * from {{ ref('dim_churn_signal') }}
    where is_active
),

thresholds as (
    select * from {{ ref('int_churn_signal__thresholds') }}
),

levels as (
    select * from {{ ref('churn_levels') }}
),

members as (
    select * from {{ ref('dim_member') }}
),

capacity as (
    select * from {{ ref('response_capacity') }}
),

settings as (
    {{ settings('churn_settings', ['answerable_weeks']) }}
),

queues as (
    select distinct
        probabilities.as_of_date,
        coalesce(members.home_store_id, 'common') as response_queue
    from probabilities
    inner join members on probabilities.member_key = members.member_key
),

answerable as (
    select
        queues.as_of_date,
        max(settings.answerable_weeks) * sum(coalesce(of_queue.members_per_week, of_all.members_per_week)) as members
    from queues
    cross join settings
    inner join capacity as of_all on of_all.response_queue = 'default'
    left join capacity as of_queue on queues.response_queue = of_queue.response_queue
    group by queues.as_of_date
),

watched as (
    {%- for horizon in horizons %}
    {{ "union all" if not loop.first }}
    select
        probabilities.member_key,
        probabilities.as_of_date,
        signals.signal,
        lifecycle.days_since_purchase as measured_value,
        cycles.cycle_days as expected_value,
        probabilities.p_no_purchase_{{ horizon }}d as p_no_purchase,
        case when stages.is_active then 1 else 0 end as active
    from probabilities
    inner join signals on signals.measure = 'p_no_purchase_{{ horizon }}d'
    inner join lifecycle
        on probabilities.member_key = lifecycle.member_key
        and probabilities.as_of_date = lifecycle.as_of_date
    inner join stages on lifecycle.stage = stages.stage
    inner join cycles
        on probabilities.member_key = cycles.member_key
        and probabilities.as_of_date = cycles.as_of_date
        and {{ add_days('probabilities.as_of_date', horizon) }} >= cycles.next_purchase_due_on
    {%- endfor %}
),

ranked as (
    select
        *,
        sum(active) over (partition by signal, as_of_date) as active_members,
        sum(active) over (
            partition by signal, as_of_date order by p_no_purchase desc
            range between unbounded preceding and current row
        ) as active_up_to_here
    from watched
),

placed as (
    select
        ranked.member_key,
        ranked.as_of_date,
        ranked.signal,
        ranked.measured_value,
        ranked.expected_value,
        ranked.p_no_purchase,
        max(thresholds.level_order) as level_order
    from ranked
    inner join thresholds
        on ranked.signal = thresholds.signal
        and ranked.active_up_to_here < ranked.active_members * thresholds.riskiest_share + 1
    inner join levels on thresholds.churn_level = levels.churn_level
    inner join answerable on ranked.as_of_date = answerable.as_of_date
    where
        not levels.needs_person
        or ranked.active_up_to_here <= answerable.members
    group by
        ranked.member_key, ranked.as_of_date, ranked.signal, ranked.measured_value, ranked.expected_value,
        ranked.p_no_purchase
)

select
    placed.member_key,
    placed.as_of_date,
    placed.signal,
    signals.family,
    levels.churn_level,
    placed.level_order,
    placed.p_no_purchase,
    {{ add_days('placed.as_of_date', '-placed.measured_value') }} as evidence_on,
    {{ churn_sentence('placed', 'sentence_en', 'signals', 'p_no_purchase') }} as sentence_en,
    {{ churn_sentence('placed', 'sentence_zh', 'signals', 'p_no_purchase') }} as sentence_zh
from placed
inner join signals on placed.signal = signals.signal
inner join levels on placed.level_order = levels.level_order
