-- What ends a journey, from the Monday of its entry on: what its member does, where the campaign asks for it; a holdout of
-- a later year, or met by a merge, that draws the member; the last day of the campaign, after which no week has steps.
with entries as (
    select * from {{ ref('int_sealed_decisions') }}
    where is_included and arm_role = 'treatment'
),

campaigns as (
    select * from {{ ref('campaigns') }}
),

holdouts as (
    select * from {{ ref('global_holdouts') }}
),

member_ends as (
    select * from {{ ref('aud_member_ends') }}
),

events as (
    select
        entries.campaign,
        entries.campaign_week,
        entries.member_key,
        member_ends.exit_reason,
        member_ends.happened_on
    from entries
    inner join campaigns on entries.campaign = campaigns.campaign
    inner join member_ends
        on entries.member_key = member_ends.member_key
        and entries.campaign_week <= member_ends.happened_on
        and (member_ends.exit_reason <> 'answered' or campaigns.exit_on = 'interaction')
    union all
    select
        entries.campaign,
        entries.campaign_week,
        entries.member_key,
        'held_out' as exit_reason,
        greatest(holdouts.valid_from, entries.campaign_week) as happened_on
    from entries
    inner join holdouts
        on entries.campaign_week <= holdouts.valid_to
        and {{ hash_fraction('holdouts.salt', 'entries.member_key') }} < holdouts.share
    union all
    select
        entries.campaign,
        entries.campaign_week,
        entries.member_key,
        'campaign_over' as exit_reason,
        {{ add_days('campaigns.valid_to', 1) }} as happened_on
    from entries
    inner join campaigns on entries.campaign = campaigns.campaign
    where campaigns.valid_to is not null
)

select
    campaign,
    campaign_week as entry_week,
    member_key,
    exit_reason,
    min(happened_on) as happened_on
from events
group by campaign, campaign_week, member_key, exit_reason
