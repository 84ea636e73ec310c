{{ config(materialized='view') }}

{%- set window = var('activity_windows') | min -%}
-- A letter reports neither delivery nor opening, a call no opening: what a channel does not report, or not yet, cannot
-- be missed.
with touches as (
    select * from {{ ref('fct_touch') }}
    where sent_on is not null
),

channels as (
    select
        source,
        channel,
        min(delivered_on) as deliveries_from_on,
        min(opened_on) as openings_from_on
    from touches
    group by source, channel
)

select
    touches.source,
    touches.touch_id,
    touches.member_key,
    touches.sent_on,
    case when touches.sent_on >= channels.deliveries_from_on then touches.sent_on end as awaited_on,
    touches.delivered_on,
    case when touches.delivered_on >= channels.openings_from_on then touches.delivered_on end as openable_on,
    touches.opened_on,
    least(touches.unsubscribed_on, touches.complained_on, touches.blocked_on) as rejected_on,
    count(*) over (
        partition by touches.member_key
        order by {{ days_between("cast('2000-01-01' as date)", 'touches.sent_on') }}
        range between {{ window - 1 }} preceding and current row
    ) as touches_{{ window }}d
from touches
inner join channels
    on touches.source = channels.source
    and touches.channel = channels.channel
