with sealed as (
    select * from {{ ref('stg_rekindle__sealed_touches') }}
    where is_newest
),

member_records as (
    select * from {{ ref('int_identity__members') }}
)

select
    sealed.planned_touch_id,
    sealed.campaign,
    sealed.campaign_week,
    sealed.ledger_version,
    sealed.entry_week,
    member_records.member_key,
    sealed.member_key as sealed_member_key,
    sealed.arm,
    sealed.step_no,
    sealed.planned_on,
    sealed.channel,
    sealed.template,
    sealed.benefit,
    sealed.status
from sealed
inner join member_records on sealed.member_key = member_records.record_key
