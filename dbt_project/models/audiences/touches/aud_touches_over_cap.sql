-- A touch found its room by what was known on the Sunday before its week. What was sent since, by whomever, may have
-- taken it; turns are those of the seal, so that without anything new nobody loses theirs.
with weeks as (
    select * from {{ ref('aud_weeks__decided') }}
),

builds as (
    select * from {{ ref('stg_rekindle__builds') }}
),

caps as (
    select max(within_days) as within_days
    from {{ ref('contact_caps') }}
),

touches as (
    select touches.*
    from {{ ref('fct_touch') }} as touches
    inner join builds on touches.sent_on <= builds.as_of_date
),

open_touches as (
    select
        sealed_touches.*,
        campaigns.cap_class,
        campaigns.priority
    from {{ ref('int_sealed_touches') }} as sealed_touches
    inner join {{ ref('campaigns') }} as campaigns on sealed_touches.campaign = campaigns.campaign
    left join touches
        on sealed_touches.campaign = touches.campaign_code
        and {{ text_key('sealed_touches.planned_touch_id') }} = touches.touch_key
    where sealed_touches.status = 'planned' and touches.touch_key is null
),

steps as (
    select
        open_touches.*,
        open_touches.planned_on as due_on,
        row_number() over (
            partition by open_touches.campaign_week, open_touches.member_key
            order by
                case when open_touches.entry_week = open_touches.campaign_week then 1 else 0 end,
                open_touches.priority, open_touches.campaign, open_touches.entry_week, open_touches.step_no,
                open_touches.planned_touch_id
        ) as step_rank
    from open_touches
    inner join weeks on open_touches.campaign_week = weeks.campaign_week
),

contacts as (
    {%- for table, day, condition in [('touches', 'sent_on', 'true'), ('open_touches', 'planned_on',
        'open_touches.campaign_week < weeks.campaign_week')] %}
    {{ "union all" if not loop.first }}
    select
        weeks.campaign_week,
        {{ table }}.member_key,
        {{ table }}.channel,
        {{ table }}.{{ day }} as contacted_on
    from weeks
    cross join caps
    inner join {{ table }}
        on {{ add_days('weeks.campaign_week', '-caps.within_days') }} < {{ table }}.{{ day }}
        and {{ condition }}
    {%- endfor %}
)

{{- without_room('steps', 'contacts') }}

select distinct steps.planned_touch_id
from steps
inner join without_room
    on steps.campaign = without_room.campaign
    and steps.campaign_week = without_room.campaign_week
    and steps.entry_week = without_room.entry_week
    and steps.member_key = without_room.member_key
    and steps.step_no = without_room.step_no
