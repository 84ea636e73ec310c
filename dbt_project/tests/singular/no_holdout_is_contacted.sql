{{ config(meta={'dagster': {'ref': {'name': 'aud_decisions'}}}) }}

with contacted as (
    select
        member_key,
        campaign_week
    from {{ ref('aud_decisions') }}
    where is_included and not is_sealed
    union all
    select
        member_key,
        campaign_week
    from {{ ref('aud_planned_touches') }}
    where not is_sealed
)

select contacted.*
from contacted
inner join {{ ref('global_holdouts') }} as holdouts
    on contacted.campaign_week >= holdouts.valid_from
    and contacted.campaign_week <= holdouts.valid_to
where {{ hash_fraction('holdouts.salt', 'contacted.member_key') }} < holdouts.share
