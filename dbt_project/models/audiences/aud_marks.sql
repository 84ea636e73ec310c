{%- set attributes = ['stage', 'silence_tier', 'silence_cause', 'value_tier', 'category_group', 'region'] -%}
-- Everything a campaign can target, in one shape: kind and code. A new kind of target is one more branch here and a row
-- in seeds/campaigns/target_kinds.csv.
with weeks as (
    select * from {{ ref('aud_weeks') }}
),

member_tags as (
    select * from {{ ref('fct_member_tag') }}
),

attributes as (
    select member_attributes.*
    from {{ ref('member_attributes') }} as member_attributes
    inner join weeks on member_attributes.as_of_date = weeks.as_of_date
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
    weeks.campaign_week,
    member_tags.member_key,
    'tag' as kind,
    member_tags.tag as mark
from member_tags
inner join weeks on member_tags.as_of_date = weeks.as_of_date
{%- for attribute in attributes %}
union all
select
    weeks.campaign_week,
    attributes.member_key,
    '{{ attribute }}' as kind,
    attributes.{{ attribute }} as mark
from attributes
inner join weeks on attributes.as_of_date = weeks.as_of_date
where attributes.{{ attribute }} is not null
{%- endfor %}
union all
select
    weeks.campaign_week,
    warnings.member_key,
    'churn_level' as kind,
    warnings.churn_level as mark
from warnings
inner join weeks on warnings.as_of_date = weeks.as_of_date
union all
select
    weeks.campaign_week,
    signals.member_key,
    'no_login_step' as kind,
    signals.step as mark
from signals
inner join weeks on signals.as_of_date = weeks.as_of_date
where signals.step is not null
union all
select
    weeks.campaign_week,
    attributes.member_key,
    'store' as kind,
    members.home_store_id as mark
from attributes
inner join weeks on attributes.as_of_date = weeks.as_of_date
inner join members on attributes.member_key = members.member_key
where members.home_store_id is not null
