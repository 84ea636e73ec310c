-- Whom chance keeps from being contacted: a global holdout by every campaign, the comparison of warnings by each one
-- that answers them. Whoever was drawn is so for a whole period, warned on a day or not, so that no later campaign of
-- the same kind spoils what the earlier ones left alone.
with holdouts as (
    select * from {{ ref('global_holdouts') }}
),

members as (
    select * from {{ ref('dim_member') }}
),

campaigns as (
    select * from {{ ref('campaigns') }}
),

targets as (
    select * from {{ ref('campaign_targets') }}
    where not is_excluded
),

kinds as (
    select * from {{ ref('target_kinds') }}
    where answers_warning
),

follow_up as (
    {{ settings('churn_settings', ['held_out_share', 'held_out_salt']) }}
),

answering as (
    select distinct
        campaigns.campaign,
        campaigns.valid_from as starts_on,
        coalesce(campaigns.valid_to, {{ end_of_time() }}) as ends_on
    from campaigns
    inner join targets on campaigns.campaign = targets.campaign
    inner join kinds on targets.kind = kinds.kind
)

select
    'every' as campaign,
    holdouts.holdout,
    members.member_key,
    'global_holdout' as reason,
    holdouts.valid_from as starts_on,
    holdouts.valid_to as ends_on
from holdouts
inner join members on {{ hash_fraction('holdouts.salt', 'members.member_key') }} < holdouts.share
union all
select
    answering.campaign,
    'warnings' as holdout,
    members.member_key,
    'warning_held_out' as reason,
    answering.starts_on,
    answering.ends_on
from answering
cross join follow_up
inner join members
    on {{ hash_fraction('follow_up.held_out_salt', 'members.member_key') }} < cast(follow_up.held_out_share as double)
