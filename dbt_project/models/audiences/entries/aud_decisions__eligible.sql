{%- set attributes = ['stage', 'silence_tier', 'silence_cause', 'value_tier', 'category_group', 'region'] -%}
-- A member is eligible when every group of a campaign's targets has an alternative that applies and no excluded one
-- does. Asked on the Sundays of weeks not sealed yet, for what was decided stays decided, and on the days of baselines.
-- A new kind of target is one more branch here and a row in seeds/campaigns/target_kinds.csv.
with campaign_weeks as (
    select * from {{ ref('aud_campaign_weeks') }}
    where not is_sealed
),

baseline_dates as (
    {{ baseline_dates() }}
),

targets as (
    select * from {{ ref('campaign_targets') }}
),

member_tags as (
    select * from {{ ref('fct_member_tag') }}
),

attributes as (
    select * from {{ ref('member_attributes') }}
),

warnings as (
    select * from {{ ref('member_churn_warning') }}
),

signals as (
    select * from {{ ref('fct_churn_signal') }}
),

members as (
    select * from {{ ref('dim_member') }}
),

asked as (
    select
        campaign,
        as_of_date
    from campaign_weeks
    union distinct
    select
        campaign,
        as_of_date
    from baseline_dates
),

-- Everything a campaign can target, in one shape.
target_values as (
    select
        as_of_date,
        member_key,
        'tag' as kind,
        tag as code
    from member_tags
    {%- for attribute in attributes %}
    union all
    select
        as_of_date,
        member_key,
        '{{ attribute }}' as kind,
        {{ attribute }} as code
    from attributes
    {%- endfor %}
    union all
    select
        attributes.as_of_date,
        attributes.member_key,
        'store' as kind,
        members.home_store_id as code
    from attributes
    inner join members on attributes.member_key = members.member_key
    {%- for kind, code in [('churn_level', 'churn_level'), ('churn_action', 'action')] %}
    union all
    select
        as_of_date,
        member_key,
        '{{ kind }}' as kind,
        {{ code }} as code
    from warnings
    {%- endfor %}
    union all
    select
        as_of_date,
        member_key,
        'no_login_step' as kind,
        step as code
    from signals
),

needed as (
    select
        campaign,
        count(distinct group_no) as group_count
    from targets
    where not is_excluded
    group by campaign
),

met as (
    select
        asked.campaign,
        asked.as_of_date,
        target_values.member_key,
        count(distinct case when not targets.is_excluded then targets.group_no end) as group_count,
        count(case when targets.is_excluded then 1 end) as exclusions
    from asked
    inner join targets on asked.campaign = targets.campaign
    inner join target_values
        on asked.as_of_date = target_values.as_of_date
        and targets.kind = target_values.kind
        and targets.value = target_values.code
    group by asked.campaign, asked.as_of_date, target_values.member_key
)

select
    met.campaign,
    met.as_of_date,
    met.member_key,
    campaign_weeks.campaign_week,
    campaign_weeks.cap_class,
    campaign_weeks.priority
from met
inner join needed
    on met.campaign = needed.campaign
    and met.group_count = needed.group_count
left join campaign_weeks
    on met.campaign = campaign_weeks.campaign
    and met.as_of_date = campaign_weeks.as_of_date
where met.exclusions = 0
