{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'fct_touch'}}}) }}

-- Every touch that a campaign sent to somebody it had to leave alone on that day, a row each. It warns and stops
-- nothing: what was sent is sent, and a merge may hold out somebody who was not. Other senders are counted in
-- exp_program.
select
    touches.member_key,
    touches.campaign_code,
    touches.sent_on,
    held_out.reason
from {{ ref('fct_touch') }} as touches
inner join {{ ref('campaigns') }} as campaigns on touches.campaign_code = campaigns.campaign
inner join {{ ref('aud_decisions__held_out') }} as held_out
    on touches.member_key = held_out.member_key
    and held_out.campaign in ('every', campaigns.campaign)
    and touches.sent_on >= held_out.starts_on
    and touches.sent_on <= held_out.ends_on
