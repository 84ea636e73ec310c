{%- set planned = [
    'campaign', 'campaign_week', 'entry_week', 'member_key', 'arm', 'step_no', 'due_on as planned_on', 'channel',
    'template', 'benefit', 'status',
] -%}
-- The touches of a week: sealed ones as they are, and of a week not sealed yet the due steps of running journeys and
-- those that fall into the week of an entry. A member drawn into a control arm has none.
with sealed as (
    select * from {{ ref('int_sealed_touches') }}
),

due_steps as (
    select * from {{ ref('aud_due_steps') }}
),

entry_steps as (
    select * from {{ ref('aud_entry_steps') }}
)

select
    planned_touch_id,
    campaign,
    campaign_week,
    entry_week,
    member_key,
    arm,
    step_no,
    planned_on,
    channel,
    template,
    benefit,
    status,
    true as is_sealed
from sealed
{%- for steps in ['due_steps', 'entry_steps'] %}
union all
select
    {{ named_by(['campaign', 'entry_week', 'member_key', 'step_no']) }} as planned_touch_id,
    {{ planned | join(',\n    ') }},
    false as is_sealed
from {{ steps }}
{%- endfor %}
