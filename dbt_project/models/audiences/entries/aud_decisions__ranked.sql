-- Each candidate with the first reason against it, and its place by value among those without one. A campaign of higher
-- priority has the member first, but only one that could contact it. The highest value goes first; the key decides
-- between equals.
with candidates as (
    select * from {{ ref('aud_eligible') }}
    where campaign_week is not null
),

exclusions as (
    select * from {{ ref('aud_excluded') }}
),

reasons as (
    select * from {{ ref('drop_reasons') }}
),

attributes as (
    select * from {{ ref('member_attributes') }}
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
    reasons.reason as first_reason,
    case
        when reasons.reason is null
            then cast(row_number() over (
                partition by reasoned.campaign, reasoned.campaign_week, reasons.reason is null
                order by coalesce(attributes.net_amount_365d, 0) desc, reasoned.member_key asc
            ) as integer)
    end as value_rank,
    attributes.stage,
    attributes.silence_tier,
    attributes.silence_cause,
    attributes.value_tier,
    attributes.region
from reasoned
left join reasons on reasoned.first_reason_order = reasons.reason_order
inner join attributes
    on reasoned.member_key = attributes.member_key
    and reasoned.as_of_date = attributes.as_of_date
