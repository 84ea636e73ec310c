{{ config(materialized='history') }}
{%- set subjects = {
    'member': ('fct_member_tag', 'member_attributes'),
    'product': ('fct_product_tag', 'fct_product_attributes'),
} -%}
-- Tags that nobody holds are counted too. The share of a week before is the one that was told, where one was.
with held as (
    {%- for subject, (results, _) in subjects.items() %}
    select
        '{{ subject }}' as subject,
        as_of_date,
        tag,
        count(*) as holders
    from {{ ref(results) }}
    group by as_of_date, tag
    {{- "
    union all" if not loop.last }}
    {%- endfor %}
),

everybody as (
    {%- for subject, (_, attributes) in subjects.items() %}
    select
        '{{ subject }}' as subject,
        as_of_date,
        count(*) as subjects
    from {{ ref(attributes) }}
    group by as_of_date
    {{- "
    union all" if not loop.last }}
    {%- endfor %}
),

tags as (
    select * from {{ ref('dim_tag') }}
),

settings as (
    {{ settings('tag_settings', ['drift_days', 'most_drift_share']) }}
),

shares as (
    select
        everybody.subject,
        everybody.as_of_date,
        tags.tag,
        tags.lowest_expected_share,
        tags.highest_expected_share,
        coalesce(held.holders, 0) as holders,
        {{ share('coalesce(held.holders, 0)', 'everybody.subjects') }} as holder_share
    from everybody
    inner join tags
        on everybody.subject = tags.subject
        and everybody.as_of_date >= tags.starts_on
        and everybody.as_of_date <= coalesce(tags.ends_on, {{ end_of_time() }})
    left join held
        on everybody.as_of_date = held.as_of_date
        and tags.tag = held.tag
)

select
    shares.subject,
    shares.as_of_date,
    shares.tag,
    shares.holders,
    shares.holder_share,
    shares.lowest_expected_share,
    shares.highest_expected_share,
    shares.holder_share between shares.lowest_expected_share and shares.highest_expected_share as is_as_expected,
    {%- set before = 'coalesce(earlier_told.holder_share, earlier.holder_share)' %}
    cast(shares.holder_share - {{ before }} as decimal(9, 6)) as drift_share,
    coalesce(abs(shares.holder_share - {{ before }}) <= settings.most_drift_share, true) as is_steady
from shares
cross join settings
left join shares as earlier
    on shares.tag = earlier.tag
    and earlier.as_of_date = {{ add_days('shares.as_of_date', '-settings.drift_days') }}
left join {{ told('marts', 'fct_tag_coverage') }} as earlier_told
    on shares.tag = earlier_told.tag
    and earlier_told.as_of_date = {{ add_days('shares.as_of_date', '-settings.drift_days') }}
