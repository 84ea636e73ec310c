{{ config(materialized='history') }}

-- Who is in the sample of a date is decided by their keys among those who had bought by then, so whoever joins later
-- changes nothing of it. What came of it the fits read from later orders.
with features as (
    select * from {{ ref('member_churn_features') }}
),

activity as (
    select * from {{ ref('member_activity') }}
),

settings as (
    {{ settings('churn_settings', ['training_sample_members']) }}
),

drawn as (
    select
        *,
        row_number() over (
            partition by as_of_date order by {{ dbt.hash('member_key') }}, member_key
        ) as draw
    from features
)

select
    drawn.member_key,
    drawn.as_of_date,
    {%- for feature in churn_features().values() | sum(start=[]) if feature != 'base_logit' %}
    drawn.{{ feature }},
    {%- endfor %}
    activity.category_group,
    activity.purchase_days - 1 as repeats,
    {{ days_between('activity.first_purchase_on', 'activity.last_purchase_on') }} as last_days,
    {{ days_between('activity.first_purchase_on', 'activity.as_of_date') }} as age_days
from drawn
cross join settings
inner join activity
    on drawn.member_key = activity.member_key
    and drawn.as_of_date = activity.as_of_date
where drawn.draw <= settings.training_sample_members
