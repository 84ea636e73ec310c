-- A member matches when every group of targets has an alternative that applies and no excluded one does. Weeks that are
-- sealed are not matched again: what was decided stays decided.
with campaign_weeks as (
    select * from {{ ref('aud_campaign_weeks') }}
    where not is_sealed
),

targets as (
    select * from {{ ref('campaign_targets') }}
),

marks as (
    select * from {{ ref('aud_marks') }}
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
    campaign_weeks.campaign,
    campaign_weeks.campaign_week,
    campaign_weeks.as_of_date,
    met.member_key,
    campaign_weeks.cap_class,
    campaign_weeks.priority
from met
inner join needed
    on met.campaign = needed.campaign
    and met.group_count = needed.group_count
inner join campaign_weeks
    on met.campaign = campaign_weeks.campaign
    and met.campaign_week = campaign_weeks.campaign_week
where met.exclusions = 0
