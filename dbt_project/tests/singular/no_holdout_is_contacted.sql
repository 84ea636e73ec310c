{{ config(meta={'dagster': {'ref': {'name': 'aud_decisions'}}}) }}

-- Asked of the draws and of the warnings themselves, not of the model that keeps the held out away.
with contacted as (
    select
        member_key,
        campaign,
        campaign_week,
        as_of_date
    from {{ ref('aud_decisions') }}
    where is_included and not is_sealed
    union all
    select
        touches.member_key,
        touches.campaign,
        touches.campaign_week,
        weeks.as_of_date
    from {{ ref('aud_planned_touches') }} as touches
    left join {{ ref('aud_weeks__decided') }} as weeks on touches.campaign_week = weeks.campaign_week
    where not touches.is_sealed
    union all
    select
        member_key,
        campaign,
        campaign_week,
        as_of_date
    from {{ ref('aud_call_queue') }}
    where not is_sealed
),

answering as (
    select distinct targets.campaign
    from {{ ref('campaign_targets') }} as targets
    inner join {{ ref('target_kinds') }} as kinds on targets.kind = kinds.kind
    where kinds.answers_warning and not targets.is_excluded
)

select
    contacted.campaign,
    contacted.campaign_week,
    contacted.member_key
from contacted
inner join {{ ref('global_holdouts') }} as holdouts
    on contacted.campaign_week >= holdouts.valid_from
    and contacted.campaign_week <= holdouts.valid_to
where {{ hash_fraction('holdouts.salt', 'contacted.member_key') }} < holdouts.share
union all
select
    contacted.campaign,
    contacted.campaign_week,
    contacted.member_key
from contacted
inner join answering on contacted.campaign = answering.campaign
inner join {{ ref('member_churn_warning') }} as warnings
    on contacted.member_key = warnings.member_key
    and contacted.as_of_date = warnings.as_of_date
where coalesce(warnings.is_held_out, true)
