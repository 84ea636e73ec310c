-- Nobody knows what a refused event said, so it can only have been a withdrawal. A time that cannot be read is the end
-- of the day of the delivery; a system that cannot be read may be any. A later delivery of the same event replaces it.
with refused as (
    select * from {{ ref('stg_rekindle__unreadable_consents') }}
),

consents as (
    select * from {{ ref('stg_chain__consents') }}
),

member_records as (
    select * from {{ ref('int_identity__members') }}
)

select
    refused.unreadable_id,
    coalesce(member_records.record_key, 0) as record_key,
    member_records.member_key,
    refused.source,
    refused.delivered_on,
    refused.quarantine_reason,
    refused.quarantine_column,
    refused.channel,
    refused.purpose,
    coalesce(refused.happened_at, cast({{ add_days('refused.delivered_on', 1) }} as timestamp)) as happened_at,
    coalesce(refused.happened_on, refused.delivered_on) as happened_on
from refused
left join member_records
    on refused.source = member_records.source
    and coalesce(refused.system, member_records.system) = member_records.system
    and refused.member_id = member_records.member_id
left join consents as corrections
    on refused.source = corrections.source
    and refused.consent_id = corrections.consent_id
    and refused.delivered_on < corrections.delivered_on
where corrections.consent_id is null
