-- What each candidate is ranked by: what a call may save where a person calls, else the net amount of the year. The
-- places are the calls that the member's store has room for in the week, beside those of running journeys and of
-- campaigns sealed already.
with candidates as (
    select * from {{ ref('aud_decisions__eligible') }}
    where campaign_week is not null
),

campaign_weeks as (
    select * from {{ ref('aud_campaign_weeks') }}
),

attributes as (
    select * from {{ ref('member_attributes') }}
),

savings as (
    {{ call_savings() }}
),

members as (
    select * from {{ ref('dim_member') }}
),

due_steps as (
    select * from {{ ref('aud_touches__due_steps') }}
    where status = 'planned'
),

sealed_touches as (
    select * from {{ ref('int_sealed_touches') }}
    where status = 'planned'
),

channels as (
    select * from {{ ref('contact_channels') }}
    where is_by_person
),

capacity as (
    select * from {{ ref('response_capacity') }}
),

-- A week that is sealed in part holds the due steps of its sealed campaigns as sealed touches, the others as due.
calls as (
    {%- for touches in ['due_steps', 'sealed_touches'] %}
    {{ "union all" if not loop.first }}
    select
        {{ touches }}.campaign_week,
        coalesce(members.home_store_id, 'common') as response_queue
    from {{ touches }}
    inner join channels on {{ touches }}.channel = channels.channel
    inner join members on {{ touches }}.member_key = members.member_key
    {%- endfor %}
),

called as (
    select
        campaign_week,
        response_queue,
        count(*) as calls
    from calls
    group by campaign_week, response_queue
)

select
    candidates.campaign,
    candidates.campaign_week,
    candidates.as_of_date,
    candidates.member_key,
    campaign_weeks.priority,
    campaign_weeks.turn,
    coalesce(
        case when campaign_weeks.is_by_person then savings.saved_amount else attributes.net_amount_365d end, 0
    ) as worth_amount,
    coalesce(members.home_store_id, 'common') as response_queue,
    cast(coalesce(of_queue.members_per_week, of_all.members_per_week) - coalesce(called.calls, 0) as integer) as places,
    campaign_weeks.expected_cost_amount,
    campaign_weeks.definition_hash,
    attributes.stage,
    attributes.silence_tier,
    attributes.silence_cause,
    attributes.value_tier,
    attributes.region,
    members.home_store_id
from candidates
inner join campaign_weeks
    on candidates.campaign = campaign_weeks.campaign
    and candidates.campaign_week = campaign_weeks.campaign_week
inner join attributes
    on candidates.member_key = attributes.member_key
    and candidates.as_of_date = attributes.as_of_date
inner join members on candidates.member_key = members.member_key
inner join capacity as of_all on of_all.response_queue = 'default'
left join capacity as of_queue on coalesce(members.home_store_id, 'common') = of_queue.response_queue
left join called
    on candidates.campaign_week = called.campaign_week
    and coalesce(members.home_store_id, 'common') = called.response_queue
left join savings
    on candidates.member_key = savings.member_key
    and candidates.as_of_date = savings.as_of_date
