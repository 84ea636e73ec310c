-- An opt-out stays where the row that told it was deleted.
with newest as (
    {{ newest_delivered('chain', 'touches', ['system', 'touch_id'], keeps='coalesce(
        delivered.unsubscribed_at, delivered.complained_at, delivered.blocked_at
    ) is not null') }}
)

select
    source,
    {{ id_key('touch_id') }} as touch_key,
    touch_id,
    system,
    member_id,
    campaign_code,
    channel,
    {{ business_date('planned_at') }} as planned_on,
    {{ business_date('capped_at') }} as capped_on,
    {{ business_date('sent_at') }} as sent_on,
    {{ business_date('delivered_at') }} as delivered_on,
    {{ business_date('opened_at') }} as opened_on,
    {{ business_date('clicked_at') }} as clicked_on,
    {{ business_date('connected_at') }} as connected_on,
    {{ business_date('followed_up_at') }} as followed_up_on,
    {{ business_date('unsubscribed_at') }} as unsubscribed_on,
    {{ business_date('complained_at') }} as complained_on,
    {{ business_date('blocked_at') }} as blocked_on,
    cost_amount,
    delivered_on as reported_on
from newest
