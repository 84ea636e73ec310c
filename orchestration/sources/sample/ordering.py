"""What the simulated members buy: purchase days by personal cycle, orders, lines, amounts.

Belongs here: purchases of a chunk of persons, the time of day, store, channel, discounts, products.
Does not: what follows an order (aftermath), events around it (looking).
"""

from __future__ import annotations

# Purchases come from four sources, told apart by the range of `idx`: the person's own rhythm (0), touches
# (1024), anonymous sales (2048) and a second order on the same day (3072).
PURCHASES = """
create temp table purchases as
with gaps as (
    select
        person,
        idx,
        cycle_op,
        end_op,
        case when idx = 0 then first_op else gap(cycle_op, person * 4096 + idx) end as gap_op,
    from (
        select
            person,
            cycle_op,
            first_op,
            end_op,
            -- Enough gaps to pass the end in all but one case in many thousands.
            unnest(range(cast(
                6 + (end_op - first_op) / cycle_op + 4.2 * sqrt((end_op - first_op) / cycle_op / 2) as bigint
            ))) as idx,
        from persons
        where person >= $first and person < $last and not is_prospect
    )
),
paced as (
    -- Whole seconds, so that the sum does not depend on the order of addition.
    select *, cast(sum(gap_op) over (partition by person order by idx rows unbounded preceding) as bigint)
        as at_op
    from gaps
),
own as (
    select
        paced.person,
        idx,
        on_wall(at_op, warp.start_s, warp.length_s) as rough_s,
        at_op + gap(cycle_op, paced.person * 4096 + idx + 1) >= end_op as is_last,
    from paced
    join warp on paced.at_op // 86400 = warp.bin
    where at_op < end_op
)
select own.person, own.idx, rough_s, is_last, null as planned_touch_id
from own
join persons on own.person = persons.person
where pause_from_s is null or rough_s < pause_from_s or rough_s >= pause_to_s
union all
select person, 1024 + raw % 256, read_s + cast(3 * 86400 * draw('caused', raw) as bigint), false,
    planned_touch_id
from touches_made
where is_cause
union all
select person, 2048 + idx, rough_s
    + cast((draw('stranger', person * 4096 + idx) - 0.5) * 6 * 86400 as bigint), false, null
from own
where draw('anonymous', person * 4096 + idx) < 0.0417
union all
select person, 3072 + idx, rough_s, false, null
from own
where draw('again', person * 4096 + idx) < 0.02 and not is_last
"""

ORDERS = """
create temp table orders_made as
with detailed as (
    select
        purchases.person * 4096 + purchases.idx as raw,
        purchases.idx,
        purchases.is_last,
        purchases.rough_s // 86400 as rough_day,
        sent_touches.planned_touch_id,
        sent_touches.slot as sent_slot,
        sent_touches.sent_on,
        sent_touches.campaign as sent_campaign,
        sent_touches.benefit as sent_benefit,
        sent_touches.is_coupon as is_sent_coupon,
        persons.*,
        -- Four orders in five are of the person's own category group.
        case when draw('own group', purchases.person * 4096 + purchases.idx) < 0.8 then persons.grp
            else other.grp end
            as order_grp,
    from purchases
    join persons on purchases.person = persons.person
    left join sent_touches on purchases.planned_touch_id = sent_touches.planned_touch_id
    join rhythm as other
        on draw('other group', purchases.person * 4096 + purchases.idx) >= other.from_share
        and draw('other group', purchases.person * 4096 + purchases.idx) < other.to_share
    where purchases.rough_s >= 0
),
timed as (
    select
        detailed.*,
        greatest(
            rough_day * 86400 + hours.hour * 3600 + cast(floor(3600 * draw('minute', raw)) as bigint),
            registered_s + 600
        ) as ordered_s,
    from detailed
    join hours
        on detailed.order_grp = hours.grp
        -- Most orders of a person fall into the same part of the day.
        and cast(floor(30 * case
            when draw('usual hour', raw) < 0.6 then daypart else draw('hour', raw) end) as integer)
            = hours.place
),
priced as (
    select
        timed.*,
        calendar.promotion,
        idx // 1024 = 2 as is_anonymous,
        coalesce(
            is_sent_coupon,
            idx // 1024 <> 2 and draw('coupon', raw) < case
                when cause = 'benefit_unattractive' then 0 else price_sensitivity end
        ) as has_coupon,
        calendar.promotion is not null and draw('campaign', raw) < 0.45 + 0.4 * price_sensitivity
            as is_campaign,
        case when idx // 1024 = 2 or draw('order channel', raw) >= online_share then 'store' end as in_store,
        case
            when from_3_s <= ordered_s and draw('ordering record', raw) < 0.34 then 3
            when from_2_s <= ordered_s and draw('ordering record', raw) < 0.50 then 2
            else 1
        end as copy,
    from timed
    join calendar on timed.ordered_s // 86400 = calendar.day
    where ordered_s < getvariable('horizon')
)
select
    -- What an export caused has numbers of its own, so that no other order's depends on it.
    getvariable('first_order') + case
        when planned_touch_id is null
            then row_number() over (order by planned_touch_id is not null, ordered_s, raw)
        else (getvariable('chunk') + person % getvariable('chunk')) * 80 + sent_slot % 80
    end as order_id,
    raw,
    planned_touch_id,
    sent_campaign,
    sent_benefit,
    sent_on,
    person,
    order_grp,
    is_last and dropout_s is not null and not is_anonymous as is_farewell,
    cause,
    coalesce(false_trace = 'bad_experience' and ordered_s between misled_s and misled_s + 20 * 86400, false)
        as is_mishap,
    coalesce(false_trace = 'content_uninteresting'
        and ordered_s between misled_s and misled_s + 60 * 86400, false) as is_bored_awhile,
    dropout_s,
    registered_s,
    ordered_s,
    promotion,
    is_anonymous,
    idx between 1024 and 1279 as is_caused,
    has_coupon,
    is_campaign,
    case when is_anonymous then null when copy = 1 then system_1
        when copy = 2 then system_2 else system_3 end as system,
    case when is_anonymous then null when copy = 1 then member_id_1
        when copy = 2 then member_id_2 else member_id_3 end
        as member_id,
    case when draw('usual store', raw) < 0.85 then store_no
        else cast(floor(60 * draw('other store', raw)) as integer) end
        as store_no,
    coalesce(
        in_store,
        case when draw('which app', raw) < 0.6 then 'mini_program'
            when draw('which app', raw) < 0.9 then 'app' else 'web' end
    ) as channel,
    case when draw('status', raw) < 0.02 then 'cancelled' else 'completed' end as status,
    case when has_coupon then 0.10 + 0.05 * floor(4 * draw('coupon rate', raw)) else 0 end as coupon_rate,
    case when is_campaign then 0.10 + 0.05 * floor(3 * draw('campaign rate', raw)) else 0 end
        as campaign_rate,
from priced
"""

# Half of what a person buys is one of three favourites, so brands, packs and replenishment can be seen.
ITEMS = """
create temp table items_made as
with lines as (
    select
        order_id,
        raw * 8 + line as raw_line,
        line + 1 as line_number,
        ordered_s,
        person,
        order_grp,
        coupon_rate + campaign_rate as rate,
    from (
        select orders_made.*,
            unnest(range(1 + cast(floor(rhythm.max_lines * draw('lines', raw)) as bigint))) as line
        from orders_made
        join rhythm on orders_made.order_grp = rhythm.grp
    )
),
picked as (
    select
        lines.*,
        first_product + cast(floor(group_products * case
            when draw('favourite', raw_line) < 0.5
                then power(draw('favourite product', person * 16 + order_grp * 4
                    + cast(floor(3 * draw('which', raw_line)) as bigint)), 1.5)
            else power(draw('product', raw_line), 2)
        end) as bigint) as product_no,
    from lines
    join group_sizes on lines.order_grp = group_sizes.grp
),
priced as (
    select
        picked.*,
        products.product_id,
        products.cost_share,
        case when order_grp = 0 then 1 + cast(floor(2.2 * power(draw('quantity', raw_line), 2)) as bigint)
            else 1 end as quantity,
        products.price_fen,
    from picked
    join products on picked.product_no = products.product_no
)
select
    order_id,
    line_number,
    ordered_s,
    product_id,
    quantity,
    price_fen * quantity as gross_fen,
    cast(round(price_fen * quantity * rate) as bigint) as discount_fen,
    cast(round(price_fen * quantity * cost_share) as bigint) as cost_fen,
from priced
"""

ITEM_ROWS = """
    select
        order_id,
        line_number,
        at_utc(ordered_s) as ordered_at,
        product_id,
        quantity,
        (gross_fen - discount_fen) / 100.0::double as net_amount,
        discount_fen / 100.0::double as discount_amount,
        cost_fen / 100.0::double as cost_amount,
    from items_made
"""

AMOUNTS = """
create temp table amounts as
select
    order_id,
    cast(sum(gross_fen) as bigint) as gross_fen,
    cast(sum(discount_fen) as bigint) as discount_fen,
    cast(sum(cost_fen) as bigint) as cost_fen,
from items_made
group by order_id
"""

# `{where}` and `{columns}` let the dirt be made from the very same rows.
ORDER_ROWS = """
    select * replace ({columns})
    from (
        select
            order_id,
            system,
            member_id,
            stores.store_id,
            channel,
            at_utc(ordered_s) as ordered_at,
            known_status(status, ordered_s, raw) as status,
            gross_fen / 100.0::double as gross_amount,
            discount_fen / 100.0::double as discount_amount,
            (gross_fen - discount_fen) / 100.0::double as net_amount,
            cost_fen / 100.0::double as cost_amount,
            is_campaign,
        from orders_made
        join amounts using (order_id)
        join stores using (store_no)
        where {where}
    )
"""
