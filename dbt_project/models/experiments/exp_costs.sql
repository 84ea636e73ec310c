-- What contacting a member cost. A planned touch counts on its day as if it had been sent, as it does under the caps.
-- Its benefit costs with it, save for coupons: they cost what was redeemed, and the margin of the order bore that.
with touches as (
    select * from {{ ref('int_sealed_touches') }}
    where status = 'planned'
),

channels as (
    select * from {{ ref('contact_channels') }}
),

benefits as (
    select * from {{ ref('benefits') }}
),

campaigns as (
    select * from {{ ref('campaigns') }}
),

coupons as (
    select * from {{ ref('fct_coupon') }}
    where redeemed_on is not null
),

costs as (
    select
        touches.campaign,
        touches.member_key,
        touches.planned_on as cost_on,
        channels.cost_amount
        + case when benefits.kind = 'coupon' then 0 else benefits.cost_amount end as cost_amount,
        0 as borne_amount
    from touches
    inner join channels on touches.channel = channels.channel
    inner join benefits on touches.benefit = benefits.benefit
    union all
    select
        campaigns.campaign,
        coupons.member_key,
        coupons.redeemed_on as cost_on,
        coupons.face_amount as cost_amount,
        coupons.face_amount as borne_amount
    from coupons
    inner join campaigns on coupons.campaign_code = campaigns.campaign
)

select
    campaign,
    member_key,
    cost_on,
    cast(sum(cost_amount) as decimal(18, 4)) as cost_amount,
    cast(sum(borne_amount) as decimal(18, 4)) as borne_amount
from costs
group by campaign, member_key, cost_on
