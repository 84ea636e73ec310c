"""What hangs on orders and touches: coupons, points, refunds, tickets and reviews.

Belongs here: tables derived row by row from the orders, amounts and touches of a chunk.
Does not: whether there is an order at all (ordering).
"""

from __future__ import annotations

# A redeemed coupon stands behind every order with one; the others were sent with a touch and ran out unused.
COUPON_ROWS = """
    select
        order_id * 2 as coupon_id,
        system,
        member_id,
        coalesce(sent_benefit, case when coupon_rate < 0.18 then 'coupon_small' else 'coupon_large' end)
            as benefit_code,
        coalesce(sent_campaign, promotion) as campaign_code,
        at_utc(coalesce(
            (sent_on - getvariable('first_day')) * 86400 + 32400,
            ordered_s - cast(20 * 86400 * draw('issued', raw) as bigint) - 60
        )) as issued_at,
        at_utc(ordered_s - cast(20 * 86400 * draw('issued', raw) as bigint) + 30 * 86400) as expires_at,
        case when status <> 'cancelled' then seen_by_end(ordered_s) end as redeemed_at,
        case when status <> 'cancelled' and ordered_s < getvariable('known') then order_id end as order_id,
        round(discount_fen * coupon_rate / (coupon_rate + campaign_rate)) / 100.0::double as face_amount,
    from orders_made
    join amounts using (order_id)
    where has_coupon
    union all
    select
        scrambled(raw) * 2 + 1 as coupon_id,
        system,
        member_id,
        coalesce(sent_benefit, case when draw('benefit size', raw) < 0.6 then 'coupon_small'
            else 'coupon_large' end) as benefit_code,
        coalesce(sent_campaign, promotion, case stage when 'silent' then 'wake_up'
            when 'churned' then 'win_back' else 'replenish' end)
            as campaign_code,
        at_utc(sent_s) as issued_at,
        at_utc(sent_s + coalesce(valid_days, 30) * 86400) as expires_at,
        null as redeemed_at,
        null as order_id,
        coalesce(value_amount, case when draw('benefit size', raw) < 0.6 then 5 else 15 end) as face_amount,
    from touches_made
    -- The coupon of a touch that caused an order is redeemed by that order.
    where has_benefit and not (planned_touch_id is not null and is_cause)
"""

# One point per yuan, in lots: three in ten are redeemed whole, the rest expire after a year. No account goes
# below zero.
POINT_ROWS = """
    with earned as (
        select
            orders_made.*,
            cast((gross_fen - discount_fen) // 100 as integer) as points,
            ordered_s + cast(40 * 86400 * draw('redeem time', raw) as bigint) + 3600 as redeemed_s,
            draw('redeems', raw) < 0.32 as wants_redeem,
        from orders_made
        join amounts using (order_id)
        where not is_anonymous and known_status(status, ordered_s, raw) = 'completed'
    ),
    settled as (
        select *, wants_redeem
            and redeemed_s < least(coalesce(dropout_s, getvariable('horizon')), getvariable('horizon'))
            as is_redeemed
        from earned
        where points > 0
    )
    select order_id * 4 as entry_id, system, member_id, at_utc(ordered_s + 60) as happened_at, 'earn'
        as kind, points, order_id,
        date_add(getvariable('first_day'), cast(ordered_s // 86400 + 365 as integer)) as expires_on
    from settled
    where ordered_s + 60 < getvariable('horizon')
    union all
    select order_id * 4 + 1, system, member_id, at_utc(redeemed_s), 'redeem', -points, null, null
    from settled
    where is_redeemed
    union all
    select order_id * 4
        + 2, system, member_id, at_utc((ordered_s // 86400 + 366) * 86400), 'expire', -points, null, null
    from settled
    where not is_redeemed and (ordered_s // 86400 + 366) * 86400 < getvariable('horizon')
"""

REFUND_ROWS = """
    select
        order_id as refund_id,
        order_id,
        at_utc(refunded_s) as refunded_at,
        case when is_exchange then 'exchange' else 'refund' end as kind,
        case when is_exchange then 0 else round((gross_fen - discount_fen) * share) / 100.0::double end
            as amount,
        case
            when is_bad
                then ['quality', 'wrong_item', 'late'][
                    1 + cast(floor(3 * draw('why refund', raw)) as integer)]
            else
                ['changed_mind', 'quality', 'wrong_item', 'other', 'changed_mind'][1
                + cast(floor(5 * draw('why refund', raw)) as integer)]
        end as reason,
    from (
        select
            *,
            is_farewell and cause = 'bad_experience' as is_bad,
            ordered_s + cast(4 * 86400 * draw('refund time', raw) as bigint) + 7200 as refunded_s,
            draw('exchange', raw) < 0.15 and not (is_farewell and cause = 'bad_experience') as is_exchange,
            case when draw('refund share', raw) < 0.7 then 1 else 0.5 end as share,
        from orders_made
        join amounts using (order_id)
        where known_status(status, ordered_s, raw) = 'completed'
    )
    where draw('refund', raw) < case
        when is_bad then 0.6 when is_mishap then 0.3 else 0.022 end and refunded_s < getvariable('horizon')
"""

# Reviews on one order in thirty, mostly good; enquiries and a few complaints; after a bad last order always
# one of them.
TICKET_ROWS = """
    with written as (
        select
            *,
            is_farewell and cause = 'bad_experience' as is_bad,
            ordered_s + cast(3 * 86400 * draw('ticket time', raw) as bigint) + 3600 as opened_s,
            case
                when is_farewell and cause = 'bad_experience'
                    then case when draw('ticket', raw) < 0.55 then 'complaint' else 'review' end
                when is_mishap and draw('ticket', raw) < 0.3 then 'complaint'
                when is_mishap and draw('ticket', raw) < 0.7 then 'review'
                when draw('ticket', raw) < 0.005 then 'complaint'
                when draw('ticket', raw) < 0.011 then 'enquiry'
                when draw('ticket', raw) < 0.045 then 'review'
            end as kind,
            cast(floor(20 * draw('rating', raw)) as integer) as rating_draw,
        from orders_made
        where not is_anonymous and known_status(status, ordered_s, raw) = 'completed'
    ),
    rated as (
        select
            *,
            case
                when is_bad or is_mishap or kind = 'complaint' then 1 + rating_draw % 2
                when kind = 'review' then case when rating_draw < 1 then 2 when rating_draw < 3 then 3
                    when rating_draw < 9 then 4 else 5 end
            end as rating,
        from written
        where kind is not null and opened_s < getvariable('horizon')
    )
    select
        order_id as ticket_id,
        system,
        member_id,
        kind,
        at_utc(opened_s) as opened_at,
        case when kind = 'review' or draw('resolved', raw) < 0.93
            then seen_by_end(opened_s + case
                when kind = 'review' then 0 else cast(4 * 86400 * draw('resolve time', raw) as bigint) end)
        end as resolved_at,
        order_id,
        stores.store_id,
        case when kind = 'enquiry' then ['price', 'delivery', 'other'][1 + rating_draw % 3]
            else ['quality', 'service', 'delivery', 'quality'][1
                + cast(floor(4 * draw('topic', raw)) as integer)] end as topic,
        rating,
        case when rating <= 2 then 'negative'
            when rating = 3 or rating is null then 'neutral' else 'positive' end as sentiment,
    from rated
    join stores using (store_no)
"""
