{%- set keys = {'consents': 'consent_id', 'touches': 'touch_id', 'tickets': 'ticket_id'} -%}
-- Nobody knows what a refused row would have said: where it may have been an opt-out it was one, of whomever any
-- readable part of it names, at the latest at the end of the day of its delivery. A later delivery of it replaces it.
with refused as (
    select
        *,
        least(coalesce(happened_on, delivered_on), delivered_on) as withdrawn_on
    from {{ ref('stg_rekindle__unreadable_consents') }}
),

{%- for table_name in keys %}

{{ table_name }} as (
    select * from {{ ref('stg_chain__' ~ table_name) }}
),
{%- endfor %}

receipts as (
    select * from {{ ref('stg_receipts__touches') }}
),

orders as (
    select * from {{ ref('stg_chain__orders') }}
),

plans as (
    select * from {{ ref('stg_rekindle__sealed_touches') }}
),

member_records as (
    select * from {{ ref('int_identity__members') }}
),

settings as (
    {{ settings('campaign_settings', ['answer_purpose']) }}
),

-- The number in the row, that of the same row as another delivery told it, and that of the order it is about. Where the
-- row lost its system, numbers of any may be meant; only where one has the number is it the same row for sure.
told as (
    select
        unreadable_id,
        source,
        system,
        member_id,
        false as is_correction
    from refused
    union all
    select
        refused.unreadable_id,
        orders.source,
        orders.member_system as system,
        orders.member_id,
        false as is_correction
    from refused
    inner join orders on refused.source = orders.source and refused.order_id = orders.order_id
    {%- for table_name, key in keys.items() %}
    union all
    select
        refused.unreadable_id,
        recorded.source,
        recorded.system,
        recorded.member_id,
        recorded.reported_on > refused.delivered_on
        and (refused.system is not null or count(*) over (partition by refused.unreadable_id) = 1) as is_correction
    from refused
    inner join {{ table_name }} as recorded
        on refused.source = recorded.source
        and refused.{{ key }} = recorded.{{ key }}
        and coalesce(refused.system, recorded.system) = recorded.system
    {%- endfor %}
),

corrected as (
    select unreadable_id from told
    where is_correction
),

-- Without its system a number may be of any.
named as (
    select
        told.unreadable_id,
        member_records.member_key,
        cast(null as {{ dbt.type_string() }}) as channel
    from told
    inner join member_records
        on told.source = member_records.source
        and coalesce(told.system, member_records.system) = member_records.system
        and told.member_id = member_records.member_id
    union
    select
        refused.unreadable_id,
        member_records.member_key,
        plans.channel
    from refused
    inner join plans on refused.planned_touch_id = plans.planned_touch_id
    inner join member_records on plans.member_key = member_records.record_key
)

select
    refused.unreadable_id,
    coalesce(named.member_key, 0) as member_key,
    refused.source,
    refused.table_name,
    refused.delivered_on,
    refused.quarantine_reason,
    refused.quarantine_column,
    coalesce(refused.channel, named.channel) as channel,
    case when refused.table_name = 'consents' then refused.purpose else settings.answer_purpose end as purpose,
    case
        when refused.table_name = 'consents' and refused.happened_on = refused.withdrawn_on then refused.happened_at
        else cast({{ add_days('refused.withdrawn_on', 1) }} as timestamp)
    end as happened_at,
    refused.withdrawn_on as happened_on
from refused
cross join settings
left join named on refused.unreadable_id = named.unreadable_id
left join receipts
    on refused.planned_touch_id = receipts.planned_touch_id
    and refused.delivered_on < receipts.reported_on
where
    receipts.planned_touch_id is null
    and refused.unreadable_id not in (select corrected.unreadable_id from corrected)
