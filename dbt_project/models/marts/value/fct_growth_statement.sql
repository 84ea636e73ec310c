-- For people who ask how their points came about: the valid part of the ledger at the newest as-of date, by rule.
with ledger as (
    select * from {{ ref('fct_growth_ledger') }}
),

rules as (
    select * from {{ ref('growth_rules') }}
),

settings as (
    {{ settings('value_settings', ['validity_days']) }}
),

newest as (
    select * from {{ ref('dim_as_of_date') }}
    where is_newest
)

select
    ledger.member_key,
    newest.as_of_date,
    rules.rule_order,
    ledger.growth_rule,
    rules.label_en,
    rules.label_zh,
    count(*) as ledger_days,
    {{ money_sum('ledger.counted_units') }} as counted_units,
    {{ integer_sum('ledger.points') }} as points,
    min(ledger.earned_on) as first_earned_on,
    max(ledger.earned_on) as last_earned_on
from ledger
inner join rules on ledger.growth_rule = rules.growth_rule
cross join settings
cross join newest
where
    ledger.earned_on <= newest.as_of_date
    and ledger.earned_on > {{ add_days('newest.as_of_date', '-settings.validity_days') }}
group by
    ledger.member_key, newest.as_of_date, rules.rule_order, ledger.growth_rule, rules.label_en, rules.label_zh
