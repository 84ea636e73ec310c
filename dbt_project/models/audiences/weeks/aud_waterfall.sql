-- From everyone who matched down to everyone who entered; every line is a part of the first.
with decisions as (
    select * from {{ ref('aud_decisions') }}
),

reasons as (
    select * from {{ ref('drop_reasons') }}
),

last_line as (
    select max(reason_order) + 1 as line_no
    from reasons
),

campaign_weeks as (
    select
        campaign,
        campaign_week,
        is_sealed,
        count(*) as members
    from decisions
    group by campaign, campaign_week, is_sealed
)

select
    campaign,
    campaign_week,
    is_sealed,
    0 as line_no,
    'matched' as outcome,
    members
from campaign_weeks
union all
select
    campaign_weeks.campaign,
    campaign_weeks.campaign_week,
    campaign_weeks.is_sealed,
    reasons.reason_order as line_no,
    reasons.reason as outcome,
    count(decisions.member_key) as members
from campaign_weeks
cross join reasons
left join decisions
    on campaign_weeks.campaign = decisions.campaign
    and campaign_weeks.campaign_week = decisions.campaign_week
    and reasons.reason = decisions.drop_reason
group by
    campaign_weeks.campaign, campaign_weeks.campaign_week, campaign_weeks.is_sealed, reasons.reason_order,
    reasons.reason
union all
select
    campaign_weeks.campaign,
    campaign_weeks.campaign_week,
    campaign_weeks.is_sealed,
    last_line.line_no,
    'included' as outcome,
    count(decisions.member_key) as members
from campaign_weeks
cross join last_line
left join decisions
    on campaign_weeks.campaign = decisions.campaign
    and campaign_weeks.campaign_week = decisions.campaign_week
    and decisions.is_included
group by campaign_weeks.campaign, campaign_weeks.campaign_week, campaign_weeks.is_sealed, last_line.line_no
