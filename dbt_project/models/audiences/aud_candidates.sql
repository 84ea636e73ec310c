-- A member matches when every group of targets has an alternative that applies and no excluded one does. Weeks that are
-- sealed are not matched again: what was decided stays decided.
with weeks as (
    select * from {{ ref('aud_weeks') }}
),

campaigns as (
    select * from {{ ref('campaigns') }}
),

targets as (
    select * from {{ ref('campaign_targets') }}
),

marks as (
    select * from {{ ref('aud_marks') }}
),

sealed as (
    select distinct
        campaign,
        campaign_week
    from {{ ref('int_sealed_decisions') }}
),

running as (
    select
        campaigns.*,
        weeks.campaign_week,
        weeks.as_of_date
    from campaigns
    inner join weeks
        on campaigns.valid_from <= weeks.campaign_week
        and coalesce(campaigns.valid_to, {{ end_of_time() }}) >= weeks.campaign_week
        and (campaigns.trigger <> 'promotion' or weeks.is_in_promotion)
    left join sealed
        on campaigns.campaign = sealed.campaign
        and weeks.campaign_week = sealed.campaign_week
    where sealed.campaign is null
),

needed as (
    select
        campaign,
        count(distinct group_no) as group_count
    from targets
    where not is_excluded
    group by campaign
),

met as (
    select
        targets.campaign,
        marks.campaign_week,
        marks.member_key,
        count(distinct case when not targets.is_excluded then targets.group_no end) as group_count,
        count(case when targets.is_excluded then 1 end) as exclusions
    from marks
    inner join targets
        on marks.kind = targets.kind
        and marks.mark = targets.value
    group by targets.campaign, marks.campaign_week, marks.member_key
)

select
    running.campaign,
    running.campaign_week,
    running.as_of_date,
    met.member_key,
    running.cap_class,
    running.priority
from met
inner join needed
    on met.campaign = needed.campaign
    and met.group_count = needed.group_count
inner join running
    on met.campaign = running.campaign
    and met.campaign_week = running.campaign_week
where met.exclusions = 0
