-- Campaigns have their turn by priority, and each takes the best of those against whom nothing speaks and whom no
-- campaign before it took, as far as its budget, its capacity and, where a person calls, the places of the member's
-- store go. Whoever finds no place is free for the next one: a round of the recursion is a turn, over everybody who is
-- free in some campaign. The highest worth goes first; the key decides between equals.
with recursive candidates as (
    select * from {{ ref('aud_decisions__candidates') }}
),

campaign_weeks as (
    select * from {{ ref('aud_campaign_weeks') }}
),

exclusions as (
    select * from {{ ref('aud_excluded') }}
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

asked as (
    select
        candidates.*,
        first_exclusions.reason_order
    from candidates
    left join first_exclusions
        on candidates.campaign = first_exclusions.campaign
        and candidates.campaign_week = first_exclusions.campaign_week
        and candidates.member_key = first_exclusions.member_key
),

contenders as (
    select * from asked
    where reason_order is null
),

passed as (
    select distinct
        campaign_week,
        member_key,
        response_queue,
        places,
        0 as turn_no,
        cast(null as integer) as taken_turn,
        false as is_called,
        cast(null as integer) as value_rank,
        cast(null as {{ dbt.type_string() }}) as reason
    from contenders
    union all
    select
        campaign_week,
        member_key,
        response_queue,
        places,
        turn as turn_no,
        case when place is not null and limit_reason is null then turn else taken_turn end as taken_turn,
        is_called or (is_by_person and place is not null and limit_reason is null) as is_called,
        place as value_rank,
        limit_reason as reason
    from (
        select
            *,
            case
                when not has_place then 'over_capacity'
                when place * expected_cost_amount > weekly_budget_amount then 'over_budget'
                when place > weekly_capacity then 'over_capacity'
            end as limit_reason
        from (
            select
                *,
                case
                    when has_place
                        then cast(row_number() over (
                            partition by campaign_week, has_place order by worth_amount desc, member_key asc
                        ) as integer)
                end as place
            from (
                select
                    *,
                    case
                        when is_free
                            then not is_by_person or places >= row_number() over (
                                partition by campaign_week, response_queue, is_free
                                order by worth_amount desc, member_key asc
                            ) + sum(case when is_called then 1 else 0 end) over (
                                partition by campaign_week, response_queue
                            )
                    end as has_place
                from (
                    select
                        passed.*,
                        campaign_weeks.turn,
                        campaign_weeks.is_by_person,
                        campaign_weeks.expected_cost_amount,
                        campaign_weeks.weekly_budget_amount,
                        campaign_weeks.weekly_capacity,
                        contenders.worth_amount,
                        contenders.member_key is not null and passed.taken_turn is null as is_free
                    from passed
                    inner join campaign_weeks
                        on passed.campaign_week = campaign_weeks.campaign_week
                        and passed.turn_no + 1 = campaign_weeks.turn
                    left join contenders
                        on passed.campaign_week = contenders.campaign_week
                        and passed.member_key = contenders.member_key
                        and campaign_weeks.turn = contenders.turn
                ) as met
            ) as weighed
        ) as placed
    ) as limited
)

select
    asked.campaign,
    asked.campaign_week,
    asked.member_key,
    case
        when passed.taken_turn < asked.turn and coalesce(asked.reason_order > taken.reason_order, true)
            then taken.reason
        else coalesce(reasons.reason, passed.reason)
    end as drop_reason,
    passed.value_rank
from asked
inner join reasons as taken on taken.reason = 'higher_priority'
left join reasons on asked.reason_order = reasons.reason_order
left join passed
    on asked.campaign_week = passed.campaign_week
    and asked.member_key = passed.member_key
    and asked.turn = passed.turn_no
