-- Candidates whose first touch finds no room, its arms' touches all asked; candidates do not stand in each other's way.
with first_steps as (
    select
        candidates.campaign,
        candidates.campaign_week,
        candidates.campaign_week as entry_week,
        candidates.member_key,
        candidates.cap_class,
        1 as step_no,
        1 as step_rank,
        first_steps.channel,
        {{ add_days('candidates.campaign_week', 'first_steps.day_offset') }} as due_on
    from {{ ref('aud_candidates') }} as candidates
    inner join {{ ref('aud_first_steps') }} as first_steps on candidates.campaign = first_steps.campaign
),

contacts as (
    select * from {{ ref('aud_contacts__running') }}
)

{{- without_room('first_steps', 'contacts') }}

select
    campaign,
    campaign_week,
    member_key
from without_room
