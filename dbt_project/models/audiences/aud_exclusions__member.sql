-- Why a candidate may not be contacted by any campaign.
with candidates as (
    select * from {{ ref('aud_candidates') }}
),

holdouts as (
    select * from {{ ref('global_holdouts') }}
),

tickets as (
    select * from {{ ref('fct_ticket') }}
    where kind = 'complaint'
),

sleeping as (
    select * from {{ ref('member_sleep_pool') }}
)

select distinct
    candidates.campaign,
    candidates.campaign_week,
    candidates.member_key,
    'global_holdout' as reason
from candidates
inner join holdouts
    on candidates.campaign_week >= holdouts.valid_from
    and candidates.campaign_week <= holdouts.valid_to
where {{ hash_fraction('holdouts.salt', 'candidates.member_key') }} < holdouts.share
union all
select distinct
    candidates.campaign,
    candidates.campaign_week,
    candidates.member_key,
    'open_complaint' as reason
from candidates
inner join tickets
    on candidates.member_key = tickets.member_key
    and candidates.as_of_date >= tickets.opened_on
    and candidates.as_of_date < coalesce(tickets.resolved_on, {{ end_of_time() }})
union all
select
    candidates.campaign,
    candidates.campaign_week,
    candidates.member_key,
    'sleep_pool' as reason
from candidates
inner join sleeping
    on candidates.member_key = sleeping.member_key
    and candidates.as_of_date = sleeping.as_of_date
