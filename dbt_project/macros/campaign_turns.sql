{# The turns of a week's campaigns over its contenders, those against whom nothing speaks: each campaign takes the best of
   whom no campaign before it took, as far as its budget, its capacity and, where a person calls, the places of the
   member's store go. Whoever finds no place is free for the next one. The highest worth goes first; the key decides
   between equals.

   A common table expression named `passed`, one row per campaign week, member and turn from 0: who took the member by
   then, the place asked for in the turn and what was against it. It reads itself, a round of the recursion is a turn, so
   its list of expressions begins with `with recursive`. #}
{% macro campaign_turns(contenders, campaign_weeks) %}
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
    from {{ contenders }}
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
                        weeks.turn,
                        weeks.is_by_person,
                        weeks.expected_cost_amount,
                        weeks.weekly_budget_amount,
                        weeks.weekly_capacity,
                        contenders.worth_amount,
                        contenders.member_key is not null and passed.taken_turn is null as is_free
                    from passed
                    inner join {{ campaign_weeks }} as weeks
                        on passed.campaign_week = weeks.campaign_week
                        and passed.turn_no + 1 = weeks.turn
                    left join {{ contenders }} as contenders
                        on passed.campaign_week = contenders.campaign_week
                        and passed.member_key = contenders.member_key
                        and weeks.turn = contenders.turn
                ) as met
            ) as weighed
        ) as placed
    ) as limited
)
{%- endmacro %}
