-- What counts against the caps of a week: touches sent in the days before it, and sealed ones of which nothing was
-- heard yet, up to its end, for it may be sealed in part. A planned touch counts on its day as if it had been sent,
-- until its receipt says when it was: silence of a sending tool never loosens a cap.
with weeks as (
    select * from {{ ref('aud_weeks__decided') }}
),

caps as (
    select max(within_days) as within_days
    from {{ ref('contact_caps') }}
),

touches as (
    select * from {{ ref('fct_touch') }}
    where sent_on is not null
),

sealed_touches as (
    select * from {{ ref('int_sealed_touches') }}
    where status = 'planned'
),

sent as (
    select
        campaign_code,
        touch_key,
        min(sent_on) as sent_on
    from touches
    group by campaign_code, touch_key
)

select
    weeks.campaign_week,
    touches.member_key,
    touches.channel,
    touches.sent_on as contacted_on,
    touches.source || ' ' || cast(touches.touch_key as {{ dbt.type_string() }}) as contact_id
from weeks
cross join caps
inner join touches
    on weeks.as_of_date >= touches.sent_on
    and {{ add_days('weeks.campaign_week', '-caps.within_days') }} < touches.sent_on
union all
select
    weeks.campaign_week,
    sealed_touches.member_key,
    sealed_touches.channel,
    sealed_touches.planned_on as contacted_on,
    sealed_touches.planned_touch_id as contact_id
from weeks
cross join caps
inner join sealed_touches
    on weeks.ends_on >= sealed_touches.planned_on
    and {{ add_days('weeks.campaign_week', '-caps.within_days') }} < sealed_touches.planned_on
left join sent
    on sealed_touches.campaign = sent.campaign_code
    and {{ text_key('sealed_touches.planned_touch_id') }} = sent.touch_key
    and weeks.as_of_date >= sent.sent_on
where sent.touch_key is null
