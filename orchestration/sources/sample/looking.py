"""What the simulated members do besides buying: the events before orders and those in between.

Belongs here: events of a chunk of persons and how they fade before a dropout.
Does not: responses to touches (touching).
"""

from __future__ import annotations

# Before an order its owner looks around: two to five events, fewer as a dropout comes near.
ORDER_EVENT_ROWS = """
    select
        order_id * 8 + step as event_id,
        system,
        member_id,
        case
            when step = 0 then case when channel = 'store' then 'store_visit' else 'login' end
            when step = 1 then case when channel = 'store' then 'check_in' else 'cart_add' end
            when kind < 0.42 then 'browse'
            when kind < 0.55 then 'search'
            when kind < 0.67 then 'favourite'
            when kind < 0.80 then 'cart_add'
            when kind < 0.90 and is_bored then 'browse'
            when kind < 0.90 then 'content_view'
            when kind < 0.94 then 'live_view'
            when kind < 0.98 then 'login'
            else 'share'
        end as event_type,
        case
            when step = 0 then at_utc(greatest(ordered_s - cast(1500 * timing as bigint) - 300, registered_s))
            when step = 1 then at_utc(greatest(ordered_s - cast(240 * timing as bigint) - 30, registered_s))
            else at_utc(greatest(ordered_s - cast(-1.5 * 86400 * ln(1 - timing) as bigint) - 60,
                registered_s, 0))
        end as happened_at,
        case when step < 2 then channel when channel = 'store' then 'app' else channel end as channel,
        case when step > 0 then product_id end as product_id,
        case when step < 2 and channel = 'store' then store_id end as store_id,
        case when step > 1 and kind >= 0.42 and kind < 0.55 then is_competitor end as is_competitor,
    from (
        select
            orders_made.order_id,
            orders_made.system,
            orders_made.member_id,
            orders_made.channel,
            orders_made.ordered_s,
            orders_made.registered_s,
            stores.store_id,
            products.product_id,
            draw('event kind', raw * 8 + step) as kind,
            draw('event time', raw * 8 + step) as timing,
            draw('competitor', raw * 8 + step) < 0.03 as is_competitor,
            -- Who has lost interest in content does not view it around an order either.
            coalesce(cause = 'content_uninteresting' and ordered_s > dropout_s - 150 * 86400, false)
                or is_bored_awhile as is_bored,
            step,
        from (
            select
                *,
                unnest(range(
                    2 + cast(floor(case
                        when ordered_s > dropout_s - 30 * 86400 then 0.3
                        when ordered_s > dropout_s - 75 * 86400 then 2
                        else 4
                    end * draw('steps', raw)) as bigint)
                )) as step,
            from orders_made
            where not is_anonymous and {where}
        ) as orders_made
        join stores on orders_made.store_no = stores.store_no
        join products
            on products.product_no = cast(floor(getvariable('products')
                * power(draw('looked at', raw * 8 + step), 1.6)) as bigint)
    )
"""

# Looking around without buying: through the whole membership, thinning out before a dropout and stopping soon
# after it; prospects with high intent in the last weeks. Searches for competitors come before those dropouts
# they cause.
IDLE_EVENT_ROWS = """
    with looking as (
        select
            person,
            greatest(registered_s, 0) as since_s,
            least(end_s + case
                when dropout_s is null then 0
                else cast(-8 * 86400 * ln(1 - draw('linger', person)) as bigint) end,
                getvariable('horizon')) as until_s,
            curiosity,
            is_prospect,
        from persons
        where person >= $first and person < $last
    ),
    counted as (
        select
            person,
            unnest(range(least(500, cast(case
                when is_prospect and draw('intent', person) < 0.3 then 8 + 14 * draw('eager', person)
                else (until_s - since_s) / 86400.0 * curiosity * case
                    when is_prospect then 0.03 else 0.165 end
            end as bigint)))) as number,
            'idle' as kind,
        from looking
        union all
        select person, 512 + unnest(range(3 + person % 4)), 'competitor'
        from persons
        where person >= $first and person < $last and cause = 'competitor'
        union all
        select person, 768 + unnest(range(1 + person % 2)), 'comparing'
        from persons
        where person >= $first and person < $last and false_trace = 'competitor'
    ),
    placed as (
        select
            counted.person,
            counted.person * 1024 + number as raw,
            kind,
            persons.* exclude (person),
            case
                when kind = 'competitor' then dropout_s - cast(50 * 86400 * draw('idle time', raw) as bigint)
                when kind = 'comparing' then misled_s + cast(20 * 86400 * draw('idle time', raw) as bigint)
                when persons.is_prospect and draw('intent', counted.person) < 0.3
                    then greatest(since_s, until_s - cast(28 * 86400 * draw('idle time', raw) as bigint))
                else since_s + cast((until_s - since_s)
                    * power(draw('idle time', raw), case when dropout_s is null then 1 else 1.35 end)
                        as bigint)
            end as rough_s,
        from counted
        join looking on counted.person = looking.person
        join persons on counted.person = persons.person
    ),
    timed as (
        select
            placed.*,
            greatest(
                rough_s // 86400 * 86400 + hours.hour * 3600
                    + cast(floor(3600 * draw('idle minute', raw)) as bigint),
                registered_s
            ) as happened_s,
            case when kind = 'idle' then draw('idle kind', raw) else 0.0 end as choice,
        from placed
        join hours
            on placed.grp = hours.grp
            and cast(floor(30 * draw('idle hour', raw)) as integer) = hours.place
        where pause_from_s is null or rough_s < pause_from_s or rough_s >= pause_to_s
    )
    select
        1000000000000 + scrambled(raw) as event_id,
        case when from_2_s <= happened_s and draw('idle record', raw) < 0.5 then system_2 else system_1 end
            as system,
        case when from_2_s <= happened_s and draw('idle record', raw) < 0.5 then member_id_2
            else member_id_1 end as member_id,
        case
            when choice < 0.06 then 'search'
            when choice < 0.30 then 'login'
            when choice < 0.58 then 'browse'
            when choice < 0.78 and cause = 'content_uninteresting'
                and happened_s > dropout_s - 150 * 86400 then 'browse'
            when choice < 0.78 and false_trace = 'content_uninteresting'
                and happened_s between misled_s and misled_s + 60 * 86400 then 'browse'
            when choice < 0.78 then 'content_view'
            when choice < 0.84 then 'check_in'
            when choice < 0.89 then 'live_view'
            when choice < 0.93 then 'favourite'
            when choice < 0.96 then 'share'
            when choice < 0.985 then 'community_post'
            else 'cart_add'
        end as event_type,
        at_utc(happened_s) as happened_at,
        case when choice < 0.5 then 'app' else 'mini_program' end as channel,
        case when (choice >= 0.30 and choice < 0.58) or (choice >= 0.89 and choice < 0.93) or choice >= 0.985
            then products.product_id end as product_id,
        cast(null as varchar) as store_id,
        case when choice < 0.06
            then kind <> 'idle' or draw('idle competitor', raw) < case
                when is_prospect then 0.3 else 0.03 end end
            as is_competitor,
    from timed
    join products on products.product_no = cast(floor(getvariable('products')
        * power(draw('idle product', raw), 1.6)) as bigint)
    where happened_s >= 0 and happened_s < getvariable('horizon')
"""
