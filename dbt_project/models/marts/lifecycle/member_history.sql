{{ config(materialized='history') }}
{%- set window = var('activity_windows') | max -%}
{%- set horizon = var('churn_horizons') | max -%}
-- What stays of a member's past dates: readers get every other state of the newest date alone (meta: keeps). In the
-- order of members, for the codes of one member change seldom and so take next to no space. What looks back at members
-- reads this table, which knows every date of the build, those too at whose members it did not look.
with lifecycle as (
    select * from {{ ref('member_lifecycle') }}
),

causes as (
    select * from {{ ref('member_silence_cause') }}
),

rfm as (
    select * from {{ ref('member_rfm') }}
),

value_tiers as (
    select * from {{ ref('member_value_tier') }}
),

growth as (
    select * from {{ ref('member_growth') }}
),

warnings as (
    select * from {{ ref('member_churn_warning') }}
),

probabilities as (
    select * from {{ ref('member_churn_probability') }}
),

activity as (
    select * from {{ ref('member_activity') }}
)

select
    lifecycle.member_key,
    lifecycle.as_of_date,
    lifecycle.stage,
    lifecycle.silence_tier,
    causes.silence_cause,
    rfm.rfm_cell,
    value_tiers.value_tier,
    growth.growth_level,
    warnings.churn_level,
    warnings.main_signal,
    warnings.is_held_out,
    probabilities.p_no_purchase_{{ horizon }}d,
    activity.purchase_days_{{ window }}d,
    activity.net_amount_{{ window }}d
from lifecycle
inner join activity
    on lifecycle.member_key = activity.member_key
    and lifecycle.as_of_date = activity.as_of_date
{%- for state in ['causes', 'rfm', 'value_tiers', 'growth', 'warnings', 'probabilities'] %}
left join {{ state }}
    on lifecycle.member_key = {{ state }}.member_key
    and lifecycle.as_of_date = {{ state }}.as_of_date
{%- endfor %}
