{%- set told_once = {
    'loss_basis': 'savings.loss_basis', 'churn_level': 'warnings.churn_level', 'reason_en': 'warnings.sentence_en',
    'reason_zh': 'warnings.sentence_zh', 'action': 'warnings.action',
} -%}
-- The calls that people of a store are to make: the touches planned on a channel that takes a person, of new entries
-- and running journeys alike, so whoever may not be contacted stands in no queue either. What is reported of a call
-- says whether it was made; what it may save, on the Sunday that decided, ranks it: of earlier weeks as it was told.
with touches as (
    select * from {{ ref('aud_planned_touches') }}
    where status = 'planned'
),

channels as (
    select * from {{ ref('contact_channels') }}
    where is_by_person
),

weeks as (
    select * from {{ ref('dim_as_of_date') }}
    where campaign_week is not null
),

outcomes as (
    select * from {{ ref('aud_touch_outcomes') }}
    where planned_on is not null
),

members as (
    select * from {{ ref('dim_member') }}
),

warnings as (
    select * from {{ ref('member_churn_warning') }}
),

call_states as (
    select * from {{ ref('call_states') }}
),

savings as (
    {{ call_savings() }}
),

queued as (
    select * from {{ told('audiences', 'aud_call_queue') }}
),

calls as (
    select
        weeks.as_of_date,
        coalesce(members.home_store_id, 'common') as response_queue,
        touches.campaign_week,
        touches.member_key,
        touches.campaign,
        touches.planned_touch_id,
        touches.planned_on,
        touches.template,
        touches.benefit,
        touches.is_sealed,
        case
            when outcomes.connected_on is not null then 'done'
            when outcomes.sent_on is not null then 'no_answer'
            else 'open'
        end as call_state,
        coalesce(outcomes.connected_on, outcomes.sent_on) as called_on,
        {%- for column, found in told_once.items() %}
        case when queued.planned_touch_id is null then {{ found }} else queued.{{ column }} end as {{ column }},
        {%- endfor %}
        coalesce(queued.saved_amount, savings.saved_amount, 0) as saved_amount
    from touches
    inner join channels on touches.channel = channels.channel
    inner join weeks on touches.campaign_week = weeks.campaign_week
    inner join members on touches.member_key = members.member_key
    left join outcomes on touches.planned_touch_id = outcomes.planned_touch_id
    left join savings
        on touches.member_key = savings.member_key
        and weeks.as_of_date = savings.as_of_date
    left join warnings
        on touches.member_key = warnings.member_key
        and weeks.as_of_date = warnings.as_of_date
    left join queued
        on touches.planned_touch_id = queued.planned_touch_id
        and weeks.as_of_date = queued.as_of_date
)

select
    calls.as_of_date,
    calls.campaign_week,
    calls.response_queue,
    cast(row_number() over (
        partition by calls.campaign_week, calls.response_queue
        order by calls.saved_amount desc, calls.member_key asc, calls.planned_touch_id asc
    ) as integer) as queue_rank,
    calls.member_key,
    calls.campaign,
    calls.planned_touch_id,
    calls.planned_on,
    calls.template,
    calls.benefit,
    {{ money('calls.saved_amount') }} as saved_amount,
    calls.loss_basis,
    calls.churn_level,
    calls.reason_en,
    calls.reason_zh,
    calls.action,
    calls.call_state,
    call_states.label_en as call_state_label_en,
    call_states.label_zh as call_state_label_zh,
    calls.called_on,
    calls.is_sealed
from calls
inner join call_states on calls.call_state = call_states.call_state
