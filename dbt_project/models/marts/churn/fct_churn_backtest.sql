{{ config(materialized='history') }}
{%- set kept_together = 'counted.as_of_date, counted.horizon_days, counted.population, counted.method' -%}
{%- set everybody = '(partition by ' ~ kept_together ~ ')' -%}
{%- set so_far = 'order by counted.score rows between unbounded preceding and current row' -%}
{%- set up_to_here = '(partition by ' ~ kept_together ~ ' ' ~ so_far ~ ')' -%}
-- Every figure is a sum over scores, so members of one score are ties: in the AUC a pair of equals counts half, and
-- where the top share ends among equals each of them is in it by the same part.
with scores as (
    select * from {{ ref('int_backtest__histograms') }}
),

calibration as (
    select * from {{ ref('fct_churn_calibration') }}
),

populations as (
    select * from {{ ref('churn_populations') }}
),

methods as (
    select * from {{ ref('churn_methods') }}
),

settings as (
    {{ settings('churn_settings', ['top_share']) }}
),

counted as (
    select
        scores.as_of_date,
        scores.horizon_days,
        populations.population,
        scores.method,
        scores.score,
        {{ integer_sum('scores.members') }} as members,
        {{ integer_sum('scores.non_buyers') }} as non_buyers,
        sum(scores.expected_non_buyers) as expected_non_buyers,
        sum(scores.probability_of_non_buyers) as probability_of_non_buyers,
        sum(scores.squared_probability) as squared_probability,
        sum(scores.log_loss_total) as log_loss_total
    from scores
    inner join populations on (scores.is_active or not populations.needs_active_stage)
    group by scores.as_of_date, scores.horizon_days, populations.population, scores.method, scores.score
),

ranked as (
    select
        counted.*,
        counted.members - counted.non_buyers as buyers,
        sum(counted.members - counted.non_buyers) over {{ up_to_here }} as buyers_up_to,
        sum(counted.members) over {{ everybody }} * settings.top_share as top_members,
        sum(counted.members) over {{ everybody }} - sum(counted.members) over {{ up_to_here }} as members_above
    from counted
    cross join settings
),

summed as (
    select
        ranked.as_of_date,
        ranked.horizon_days,
        ranked.population,
        ranked.method,
        {{ integer_sum('ranked.members') }} as members,
        {{ integer_sum('ranked.non_buyers') }} as non_buyers,
        {{ integer_sum('ranked.buyers') }} as buyers,
        -- Pairs of a non-buyer and a buyer below, counted twice; equals once.
        {{ integer_sum('ranked.non_buyers * (ranked.buyers_up_to - ranked.buyers + ranked.buyers_up_to)') }}
            as won_pairs,
        sum(ranked.expected_non_buyers) as expected_non_buyers,
        sum(ranked.probability_of_non_buyers) as probability_of_non_buyers,
        sum(ranked.squared_probability) as squared_probability,
        sum(ranked.log_loss_total) as log_loss_total,
        max(ranked.top_members) as top_members,
        {{ integer_sum(
            'case when ranked.members_above + ranked.members <= ranked.top_members then ranked.non_buyers else 0 end'
        ) }} as non_buyers_at_top,
        max(
            case
                when
                    ranked.members_above < ranked.top_members
                    and ranked.members_above + ranked.members > ranked.top_members
                    then
                        cast(ranked.non_buyers as double)
                        * (ranked.top_members - ranked.members_above) / ranked.members
                else 0
            end
        ) as non_buyers_at_edge,
        {{ integer_sum('case when ranked.score >= methods.warns_from then ranked.members else 0 end') }} as warned,
        {{ integer_sum('case when ranked.score >= methods.warns_from then ranked.non_buyers else 0 end') }} as caught,
        max(methods.warns_from) is not null as has_warnings
    from ranked
    inner join methods on ranked.method = methods.method
    group by ranked.as_of_date, ranked.horizon_days, ranked.population, ranked.method
),

errors as (
    select
        as_of_date,
        horizon_days,
        population,
        method,
        {{ ratio('sum(abs(expected_non_buyers - non_buyers))', 'sum(members)') }} as ece
    from calibration
    group by as_of_date, horizon_days, population, method
)

select
    summed.as_of_date,
    summed.horizon_days,
    summed.population,
    summed.method,
    summed.members,
    summed.non_buyers,
    {{ share('summed.non_buyers', 'summed.members') }} as observed_share,
    {{ share('summed.expected_non_buyers', 'summed.members') }} as expected_share,
    {{ ratio('summed.won_pairs', '(summed.non_buyers * summed.buyers + summed.non_buyers * summed.buyers)') }} as auc,
    {{ ratio('summed.log_loss_total', 'summed.members') }} as log_loss,
    {{ ratio(
        'summed.squared_probability - summed.probability_of_non_buyers - summed.probability_of_non_buyers '
        ~ '+ summed.non_buyers', 'summed.members'
    ) }} as brier_score,
    errors.ece,
    {{ share('summed.non_buyers_at_top + summed.non_buyers_at_edge', 'summed.top_members') }} as top_precision_share,
    case when summed.has_warnings then summed.warned end as warned_members,
    {{ share('summed.caught', 'case when summed.has_warnings then summed.warned end') }} as warning_precision_share,
    {{ share('case when summed.has_warnings then summed.caught end', 'summed.non_buyers') }} as warning_recall_share
from summed
left join errors
    on summed.as_of_date = errors.as_of_date
    and summed.horizon_days = errors.horizon_days
    and summed.population = errors.population
    and summed.method = errors.method
