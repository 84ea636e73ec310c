{{ config(materialized='view') }}

{%- set attributes = ['stage', 'silence_tier', 'silence_cause', 'value_tier', 'category_group', 'region'] -%}
-- Everything a campaign can target, in one shape: kind and code. A new kind of target is one more branch here and a row
-- in seeds/campaigns/target_kinds.csv.
with matched_dates as (
    select distinct as_of_date
    from {{ ref('aud_matched_dates') }}
),

member_tags as (
    select * from {{ ref('fct_member_tag') }}
),

attributes as (
    select member_attributes.*
    from {{ ref('member_attributes') }} as member_attributes
    inner join matched_dates on member_attributes.as_of_date = matched_dates.as_of_date
),

warnings as (
    select * from {{ ref('member_churn_warning') }}
),

signals as (
    select * from {{ ref('fct_churn_signal') }}
),

members as (
    select * from {{ ref('dim_member') }}
)

select
    matched_dates.as_of_date,
    member_tags.member_key,
    'tag' as kind,
    member_tags.tag as mark
from member_tags
inner join matched_dates on member_tags.as_of_date = matched_dates.as_of_date
{%- for attribute in attributes %}
union all
select
    matched_dates.as_of_date,
    attributes.member_key,
    '{{ attribute }}' as kind,
    attributes.{{ attribute }} as mark
from attributes
inner join matched_dates on attributes.as_of_date = matched_dates.as_of_date
where attributes.{{ attribute }} is not null
{%- endfor %}
union all
select
    matched_dates.as_of_date,
    warnings.member_key,
    'churn_level' as kind,
    warnings.churn_level as mark
from warnings
inner join matched_dates on warnings.as_of_date = matched_dates.as_of_date
union all
select
    matched_dates.as_of_date,
    signals.member_key,
    'no_login_step' as kind,
    signals.step as mark
from signals
inner join matched_dates on signals.as_of_date = matched_dates.as_of_date
where signals.step is not null
union all
select
    matched_dates.as_of_date,
    attributes.member_key,
    'store' as kind,
    members.home_store_id as mark
from attributes
inner join matched_dates on attributes.as_of_date = matched_dates.as_of_date
inner join members on attributes.member_key = members.member_key
where members.home_store_id is not null
