-- Running journeys have their room before anybody new enters.
select
    campaign_week,
    member_key,
    channel,
    cast(null as {{ dbt.type_string() }}) as cap_class,
    contacted_on,
    contact_id
from {{ ref('aud_contacts') }}
union all
select
    campaign_week,
    member_key,
    channel,
    cap_class,
    due_on as contacted_on,
    {{ named_by(['campaign', 'entry_week', 'member_key', 'step_no']) }} as contact_id
from {{ ref('aud_due_steps') }}
where status = 'planned'
