{{ config(materialized='history') }}

-- Members who were not scored at the beginning of the span come from `none`; those who were and no longer are, because
-- their last purchase has left the window, go to `none` with the amount they had.
with cells as (
    select * from {{ ref('int_rfm__cells') }}
),

labels as (
    select * from {{ ref('rfm_cells') }}
),

spans as (
    select
        scored.as_of_date,
        spans.span_weeks,
        spans.label_en as span_label_en,
        spans.label_zh as span_label_zh,
        {{ weeks_before('scored.as_of_date', 'spans.span_weeks') }} as from_date
    from {{ ref('dim_as_of_date') }} as scored
    cross join {{ ref('rfm_migration_spans') }} as spans
    where scored.is_computed
),

moves as (
    select
        spans.as_of_date,
        spans.span_weeks,
        spans.span_label_en,
        spans.span_label_zh,
        coalesce(earlier.named_cell, 'none') as from_cell,
        cells.named_cell as to_cell,
        cells.net_amount
    from spans
    inner join cells on spans.as_of_date = cells.as_of_date
    left join cells as earlier
        on spans.from_date = earlier.as_of_date
        and cells.member_key = earlier.member_key
    union all
    select
        spans.as_of_date,
        spans.span_weeks,
        spans.span_label_en,
        spans.span_label_zh,
        earlier.named_cell as from_cell,
        'none' as to_cell,
        earlier.net_amount
    from spans
    inner join cells as earlier on spans.from_date = earlier.as_of_date
    left join cells as still_there
        on spans.as_of_date = still_there.as_of_date
        and earlier.member_key = still_there.member_key
    where still_there.member_key is null
),

counted as (
    select
        as_of_date,
        span_weeks,
        span_label_en,
        span_label_zh,
        from_cell,
        to_cell,
        count(*) as members,
        {{ money_sum('net_amount') }} as net_amount
    from moves
    group by as_of_date, span_weeks, span_label_en, span_label_zh, from_cell, to_cell
)

select
    counted.as_of_date,
    counted.span_weeks,
    counted.span_label_en,
    counted.span_label_zh,
    counted.from_cell,
    from_labels.label_en as from_label_en,
    from_labels.label_zh as from_label_zh,
    counted.to_cell,
    to_labels.label_en as to_label_en,
    to_labels.label_zh as to_label_zh,
    counted.members,
    counted.net_amount
from counted
left join labels as from_labels on counted.from_cell = from_labels.named_cell
left join labels as to_labels on counted.to_cell = to_labels.named_cell
