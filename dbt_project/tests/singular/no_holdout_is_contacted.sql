{{ config(meta={'dagster': {'ref': {'name': 'aud_decisions'}}}) }}

select decisions.*
from {{ ref('aud_decisions') }} as decisions
inner join {{ ref('global_holdouts') }} as holdouts
    on decisions.campaign_week >= holdouts.valid_from
    and decisions.campaign_week <= holdouts.valid_to
where
    decisions.is_included
    and not decisions.is_sealed
    and {{ hash_fraction('holdouts.salt', 'decisions.member_key') }} < holdouts.share
