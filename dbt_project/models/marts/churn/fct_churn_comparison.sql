-- Methods side by side: means over the as-of dates on which every method scored somebody, so that none is evaluated on
-- easier weeks than another.
with backtest as (
    select * from {{ ref('fct_churn_backtest') }}
),

counted as (
    select
        as_of_date,
        horizon_days,
        population,
        count(*) as methods
    from backtest
    group by as_of_date, horizon_days, population
),

complete as (
    select
        *,
        max(methods) over (partition by horizon_days, population) as most_methods
    from counted
)

select
    backtest.horizon_days,
    backtest.population,
    backtest.method,
    count(*) as as_of_dates,
    min(backtest.as_of_date) as first_as_of_date,
    max(backtest.as_of_date) as last_as_of_date,
    {{ ratio('sum(backtest.members)', 'count(*)') }} as members_mean,
    {{ share('sum(backtest.observed_share)', 'count(backtest.observed_share)') }} as observed_share
    {%- for figure in ['auc', 'log_loss', 'brier_score', 'ece'] %},
    {{ ratio('sum(backtest.' ~ figure ~ ')', 'count(backtest.' ~ figure ~ ')') }} as {{ figure }}
    {%- endfor %}
    {%- for figure in ['top_precision_share', 'warning_precision_share', 'warning_recall_share'] %},
    {{ share('sum(backtest.' ~ figure ~ ')', 'count(backtest.' ~ figure ~ ')') }} as {{ figure }}
    {%- endfor %},
    {{ share('sum(backtest.warned_members)', 'sum(backtest.members)') }} as warned_share
from backtest
inner join complete
    on backtest.as_of_date = complete.as_of_date
    and backtest.horizon_days = complete.horizon_days
    and backtest.population = complete.population
    and complete.methods = complete.most_methods
group by backtest.horizon_days, backtest.population, backtest.method
