-- Why a candidate cannot be reached on a channel the campaign begins with. Whatever the arm, an entry must be reached,
-- so that no arm is easier to enter.
with candidates as (
    select * from {{ ref('aud_candidates') }}
),

settings as (
    select * from {{ ref('campaign_settings') }}
),

first_steps as (
    select * from {{ ref('aud_first_steps') }}
),

permissions as (
    select * from {{ ref('fct_contact_permission') }}
),

contact_points as (
    select * from {{ ref('fct_contact_point') }}
)

select distinct
    candidates.campaign,
    candidates.campaign_week,
    candidates.member_key,
    'no_consent' as reason
from candidates
cross join settings
inner join first_steps on candidates.campaign = first_steps.campaign
left join permissions
    on candidates.member_key = permissions.member_key
    and first_steps.channel = permissions.channel
    and settings.answer_purpose = permissions.purpose
    and candidates.as_of_date >= permissions.changed_on
    and candidates.as_of_date < permissions.next_on
where not coalesce(permissions.is_allowed, false)
union all
select distinct
    candidates.campaign,
    candidates.campaign_week,
    candidates.member_key,
    'no_contact' as reason
from candidates
inner join first_steps on candidates.campaign = first_steps.campaign
left join contact_points
    on candidates.member_key = contact_points.member_key
    and first_steps.channel = contact_points.channel
    and candidates.as_of_date >= contact_points.known_on
where contact_points.channel is null
