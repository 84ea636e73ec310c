-- A member matches when every group of targets has an alternative that applies and no excluded one does.
with matched_dates as (
    select * from {{ ref('aud_matched_dates') }}
),

targets as (
    select * from {{ ref('campaign_targets') }}
),

marks as (
    select * from {{ ref('aud_target_values') }}
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
        matched_dates.campaign,
        matched_dates.as_of_date,
        marks.member_key,
        count(distinct case when not targets.is_excluded then targets.group_no end) as group_count,
        count(case when targets.is_excluded then 1 end) as exclusions
    from matched_dates
    inner join targets on matched_dates.campaign = targets.campaign
    inner join marks
        on matched_dates.as_of_date = marks.as_of_date
        and targets.kind = marks.kind
        and targets.value = marks.mark
    group by matched_dates.campaign, matched_dates.as_of_date, marks.member_key
)

select
    met.campaign,
    met.as_of_date,
    met.member_key
from met
inner join needed
    on met.campaign = needed.campaign
    and met.group_count = needed.group_count
where met.exclusions = 0
