{{ config(materialized='history') }}
{%- set features = [
    'days_since_purchase', 'purchase_days', 'purchase_days_30d', 'purchase_days_90d', 'net_amount_90d',
    'negative_events_90d',
] %}

-- A date is compared with a later one by these, whoever is still there then.
with activity as (
    select * from {{ ref('member_activity') }}
    where purchase_days > 0
),

dates as (
    select * from {{ ref('dim_as_of_date') }}
    where is_computed
),

bins as (
    select
        feature,
        from_value,
        lead(from_value) over (partition by feature order by from_value) as below_value
    from {{ ref('drift_bins') }}
),

counted as (
    {%- for feature in features %}
    select
        as_of_date,
        '{{ feature }}' as feature,
        cast({{ feature }} as decimal(18, 2)) as feature_value,
        count(*) as members
    from activity
    group by as_of_date, {{ feature }}
    {{- "
    union all" if not loop.last }}
    {%- endfor %}
),

binned as (
    select
        dates.as_of_date,
        bins.feature,
        bins.from_value,
        coalesce(sum(counted.members), 0) as members
    from dates
    cross join bins
    left join counted
        on dates.as_of_date = counted.as_of_date
        and bins.feature = counted.feature
        and bins.from_value <= counted.feature_value
        and (bins.below_value > counted.feature_value or bins.below_value is null)
    group by dates.as_of_date, bins.feature, bins.from_value
)

select
    as_of_date,
    feature,
    cast(from_value as decimal(18, 2)) as from_value,
    cast(members as bigint) as members,
    {{ share('members', 'sum(members) over (partition by as_of_date, feature)') }} as member_share
from binned
