with statement as (
    select * from {{ ref('fct_growth_statement') }}
),

rules as (
    select * from {{ ref('growth_rules') }}
)

select
    statement.member_key,
    statement.as_of_date,
    rules.rule_order,
    statement.growth_rule,
    rules.label_en,
    rules.label_zh,
    statement.ledger_days,
    statement.counted_units,
    statement.points,
    statement.first_earned_on,
    statement.last_earned_on
from statement
inner join rules on statement.growth_rule = rules.growth_rule
