-- Budget and capacity go to the members of the highest value first; the key decides between equals.
with contenders as (
    select * from {{ ref('aud_contenders') }}
),

attributes as (
    select * from {{ ref('member_attributes') }}
),

campaigns as (
    select * from {{ ref('campaigns') }}
),

entry_costs as (
    select * from {{ ref('aud_entry_costs') }}
),

valued as (
    select
        contenders.*,
        entry_costs.expected_cost_amount,
        campaigns.weekly_capacity,
        campaigns.weekly_budget_amount,
        attributes.stage,
        attributes.silence_tier,
        attributes.silence_cause,
        attributes.value_tier,
        attributes.region,
        case
            when contenders.drop_reason is null
                then row_number() over (
                    partition by contenders.campaign, contenders.campaign_week, contenders.drop_reason is null
                    order by coalesce(attributes.net_amount_365d, 0) desc, contenders.member_key asc
                )
        end as value_rank
    from contenders
    inner join campaigns on contenders.campaign = campaigns.campaign
    inner join entry_costs on contenders.campaign = entry_costs.campaign
    inner join attributes
        on contenders.member_key = attributes.member_key
        and contenders.as_of_date = attributes.as_of_date
)

select
    campaign,
    campaign_week,
    as_of_date,
    member_key,
    priority,
    cast(value_rank as integer) as value_rank,
    expected_cost_amount,
    coalesce(
        drop_reason,
        case
            when value_rank * expected_cost_amount > weekly_budget_amount then 'over_budget'
            when value_rank > weekly_capacity then 'over_capacity'
        end
    ) as drop_reason,
    stage,
    silence_tier,
    silence_cause,
    value_tier,
    region
from valued
