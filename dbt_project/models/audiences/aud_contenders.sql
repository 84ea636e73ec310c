-- Each candidate with the first reason against it, and whether a campaign of higher priority has the member. Only who
-- could be contacted by a campaign is taken by it.
with candidates as (
    select * from {{ ref('aud_candidates') }}
),

exclusions as (
    select * from {{ ref('aud_exclusions__member') }}
    union all
    select * from {{ ref('aud_exclusions__channel') }}
    union all
    select * from {{ ref('aud_exclusions__campaign') }}
    union all
    select * from {{ ref('aud_exclusions__journey') }}
),

reasons as (
    select * from {{ ref('drop_reasons') }}
),

first_exclusions as (
    select
        exclusions.campaign,
        exclusions.campaign_week,
        exclusions.member_key,
        min(reasons.reason_order) as reason_order
    from exclusions
    inner join reasons on exclusions.reason = reasons.reason
    group by exclusions.campaign, exclusions.campaign_week, exclusions.member_key
),

checked as (
    select
        candidates.*,
        first_exclusions.reason_order,
        row_number() over (
            partition by candidates.campaign_week, candidates.member_key, first_exclusions.reason_order is null
            order by candidates.priority, candidates.campaign
        ) as campaign_rank,
        min(case when first_exclusions.reason_order is null then candidates.priority end) over (
            partition by candidates.campaign_week, candidates.member_key
        ) as taken_at_priority
    from candidates
    left join first_exclusions
        on candidates.campaign = first_exclusions.campaign
        and candidates.campaign_week = first_exclusions.campaign_week
        and candidates.member_key = first_exclusions.member_key
),

reasoned as (
    select
        checked.*,
        case
            when checked.reason_order is null and checked.campaign_rank > 1 then taken.reason_order
            when checked.taken_at_priority < checked.priority and taken.reason_order < checked.reason_order
                then taken.reason_order
            else checked.reason_order
        end as first_reason_order
    from checked
    inner join reasons as taken on taken.reason = 'higher_priority'
)

select
    reasoned.campaign,
    reasoned.campaign_week,
    reasoned.as_of_date,
    reasoned.member_key,
    reasoned.priority,
    reasons.reason as drop_reason
from reasoned
left join reasons on reasoned.first_reason_order = reasons.reason_order
