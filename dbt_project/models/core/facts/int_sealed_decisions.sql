-- A sealed key is that of a record; whoever was merged since is found under the key of today, once a campaign week.
with sealed as (
    select * from {{ ref('stg_rekindle__sealed_decisions') }}
),

member_records as (
    select * from {{ ref('int_identity__members') }}
),

keyed as (
    select
        sealed.*,
        member_records.member_key as key_of_today,
        row_number() over (
            partition by sealed.campaign, sealed.campaign_week, member_records.member_key
            order by case when sealed.is_included then 0 else 1 end asc, sealed.member_key asc
        ) as rank_of_key
    from sealed
    inner join member_records on sealed.member_key = member_records.record_key
)

select
    campaign,
    campaign_week,
    ledger_version,
    as_of_date,
    key_of_today as member_key,
    member_key as sealed_member_key,
    is_included,
    drop_reason,
    arm,
    arm_role,
    propensity,
    priority,
    value_rank,
    expected_cost_amount,
    definition_hash,
    stage,
    silence_tier,
    silence_cause,
    value_tier,
    region,
    home_store_id
from keyed
where rank_of_key = 1
