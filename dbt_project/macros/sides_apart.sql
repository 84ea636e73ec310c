{# The sides of groups that hold two who are kept apart: Kruskal's algorithm under a constraint. Links are taken one by
   one, the strongest first and of equals that of the oldest records; one that would join two who are kept apart is left
   out. A round takes every link that is the next one for both its sides, so that the order of rows does not matter; the
   test `identity_has_converged` says when rounds were too few. CTEs: `contested` (record_key, anchor_rank), `links`
   (record_key, link_key, priority), `apart` (record_key, other_record_key, each pair both ways). The last CTE is
   `sides_<rounds>`, with `side`, the rank of the oldest record on it. #}
{% macro sides_apart(contested, links, apart, rounds) -%}
    -- At first each record is a side of its own.
    sides_0 as (
        select
            record_key,
            anchor_rank as side
        from {{ contested }}
    ),

    disputed_links as (
        select
            links.record_key,
            links.link_key,
            links.priority,
            sides_0.side
        from {{ links }} as links
        inner join sides_0 on links.record_key = sides_0.record_key
    ),

    ties as (
        select
            one.record_key,
            other.record_key as other_record_key,
            row_number() over (order by min(one.priority), one.side, other.side) as tie_rank
        from disputed_links as one
        inner join disputed_links as other on one.link_key = other.link_key
        where one.side < other.side
        group by one.record_key, other.record_key, one.side, other.side
    ),
    {%- for round in range(1, rounds + 1) %}
    {%- set before = 'sides_' ~ (round - 1) %}

    forbidden_{{ round }} as (
        select distinct
            own.side,
            others.side as other_side
        from {{ apart }} as apart
        inner join {{ before }} as own on apart.record_key = own.record_key
        inner join {{ before }} as others on apart.other_record_key = others.record_key
    ),

    open_{{ round }} as (
        select
            ties.tie_rank,
            least(own.side, others.side) as side,
            greatest(own.side, others.side) as other_side
        from ties
        inner join {{ before }} as own on ties.record_key = own.record_key
        inner join {{ before }} as others on ties.other_record_key = others.record_key
        left join forbidden_{{ round }} as forbidden
            on own.side = forbidden.side
            and others.side = forbidden.other_side
        where own.side <> others.side and forbidden.side is null
    ),

    next_{{ round }} as (
        select
            side,
            min(tie_rank) as tie_rank
        from (
            select
                side,
                tie_rank
            from open_{{ round }}
            union all
            select
                other_side as side,
                tie_rank
            from open_{{ round }}
        ) as both_sides
        group by side
    ),

    sides_{{ round }} as (
        select
            sides.record_key,
            coalesce(taken.side, sides.side) as side
        from {{ before }} as sides
        left join (
            select
                ties.side,
                ties.other_side
            from open_{{ round }} as ties
            inner join next_{{ round }} as own on ties.side = own.side and ties.tie_rank = own.tie_rank
            inner join next_{{ round }} as others on ties.other_side = others.side and ties.tie_rank = others.tie_rank
        ) as taken on sides.side = taken.other_side
    )
    {{- "," if not loop.last }}
    {%- endfor %}
{%- endmacro %}
