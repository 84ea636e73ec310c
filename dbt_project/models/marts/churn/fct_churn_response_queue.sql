{%- set longest = var('activity_windows')[-1] -%}
{%- set horizon = var('churn_horizons')[-1] -%}
-- Expected loss is the year's net amount times the probability of no purchase, or the weight of the level on dates
-- before the first fit; a date has probabilities for everybody or for nobody. Margins are left out although many are
-- known: a queue with the margin of some and the revenue of others would put those of unknown cost first.
with warnings as (
    select * from {{ ref('member_churn_warning') }}
    where not is_held_out
),

levels as (
    select * from {{ ref('churn_levels') }}
    where needs_person
),

activity as (
    select * from {{ ref('member_activity') }}
),

probabilities as (
    select * from {{ ref('member_churn_probability') }}
),

members as (
    select * from {{ ref('dim_member') }}
),

capacity as (
    select * from {{ ref('response_capacity') }}
),

waiting as (
    select
        warnings.*,
        coalesce(members.home_store_id, 'common') as response_queue,
        case when probabilities.member_key is null then 'level' else 'probability' end as loss_basis,
        greatest({{ money(
            'activity.net_amount_' ~ longest ~ 'd'
            ~ ' * coalesce(probabilities.p_no_purchase_' ~ horizon ~ 'd, levels.loss_weight)'
        ) }}, 0) as expected_loss_amount
    from warnings
    inner join levels on warnings.churn_level = levels.churn_level
    inner join activity
        on warnings.member_key = activity.member_key
        and warnings.as_of_date = activity.as_of_date
    inner join members on warnings.member_key = members.member_key
    left join probabilities
        on warnings.member_key = probabilities.member_key
        and warnings.as_of_date = probabilities.as_of_date
),

ranked as (
    select
        *,
        row_number() over (
            partition by as_of_date, response_queue order by expected_loss_amount desc, member_key asc
        ) as queue_rank
    from waiting
)

select
    ranked.as_of_date,
    ranked.response_queue,
    cast(ranked.queue_rank as integer) as queue_rank,
    ranked.member_key,
    ranked.churn_level,
    {{ money('ranked.expected_loss_amount') }} as expected_loss_amount,
    ranked.loss_basis,
    ranked.main_signal,
    ranked.sentence_en as reason_en,
    ranked.sentence_zh as reason_zh,
    ranked.action,
    ranked.owner_role,
    ranked.due_on
from ranked
inner join capacity as of_all on of_all.response_queue = 'default'
left join capacity as of_queue on ranked.response_queue = of_queue.response_queue
where ranked.queue_rank <= coalesce(of_queue.members_per_day, of_all.members_per_day)
