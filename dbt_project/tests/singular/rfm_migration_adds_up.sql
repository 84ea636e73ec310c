{{ config(meta={'dagster': {'ref': {'name': 'fct_rfm_migration'}}}) }}

-- Both sides of the matrix, cell by cell, against the members who stood there; of dates told before nobody stands there
-- any more.
with computed as (
    select as_of_date from {{ ref('dim_as_of_date') }}
    where is_computed and not is_told
),

moved as (
    select
        as_of_date,
        span_weeks,
        'from' as side,
        from_cell as named_cell,
        sum(members) as members
    from {{ ref('fct_rfm_migration') }}
    where from_cell <> 'none' and as_of_date in (select computed.as_of_date from computed)
    group by as_of_date, span_weeks, from_cell
    union all
    select
        as_of_date,
        span_weeks,
        'to' as side,
        to_cell as named_cell,
        sum(members) as members
    from {{ ref('fct_rfm_migration') }}
    where to_cell <> 'none' and as_of_date in (select computed.as_of_date from computed)
    group by as_of_date, span_weeks, to_cell
),

stood as (
    select
        as_of_dates.as_of_date,
        spans.span_weeks,
        'from' as side,
        cells.named_cell,
        count(*) as members
    from computed as as_of_dates
    cross join {{ ref('rfm_migration_spans') }} as spans
    inner join {{ ref('int_rfm__cells') }} as cells
        on {{ weeks_before('as_of_dates.as_of_date', 'spans.span_weeks') }} = cells.as_of_date
    group by as_of_dates.as_of_date, spans.span_weeks, cells.named_cell
    union all
    select
        cells.as_of_date,
        spans.span_weeks,
        'to' as side,
        cells.named_cell,
        count(*) as members
    from {{ ref('member_rfm') }} as cells
    inner join computed on cells.as_of_date = computed.as_of_date
    cross join {{ ref('rfm_migration_spans') }} as spans
    group by cells.as_of_date, spans.span_weeks, cells.named_cell
)

select
    coalesce(moved.as_of_date, stood.as_of_date) as as_of_date,
    coalesce(moved.span_weeks, stood.span_weeks) as span_weeks,
    coalesce(moved.side, stood.side) as side,
    coalesce(moved.named_cell, stood.named_cell) as named_cell
from stood
full outer join moved
    on stood.as_of_date = moved.as_of_date
    and stood.span_weeks = moved.span_weeks
    and stood.side = moved.side
    and stood.named_cell = moved.named_cell
where coalesce(stood.members, 0) <> coalesce(moved.members, 0)
