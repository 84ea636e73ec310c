-- Running journeys have their room before anybody new enters.
select
    campaign_week,
    member_key,
    channel,
    contacted_on,
    contact_id
from {{ ref('aud_contacts') }}
union all
select
    campaign_week,
    member_key,
    channel,
    due_on as contacted_on,
    {{ named_by(['campaign', 'entry_week', 'member_key', 'step_no']) }} as contact_id
from {{ ref('aud_due_steps') }}
where status = 'planned'
