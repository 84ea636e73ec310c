with migration as (
    select * from {{ ref('fct_rfm_migration') }}
),

spans as (
    select * from {{ ref('rfm_migration_spans') }}
),

cells as (
    select * from {{ ref('rfm_cells') }}
)

select
    migration.as_of_date,
    migration.span_weeks,
    spans.label_en as span_label_en,
    spans.label_zh as span_label_zh,
    migration.from_cell,
    from_cells.label_en as from_label_en,
    from_cells.label_zh as from_label_zh,
    migration.to_cell,
    to_cells.label_en as to_label_en,
    to_cells.label_zh as to_label_zh,
    migration.members,
    migration.net_amount
from migration
inner join spans on migration.span_weeks = spans.span_weeks
left join cells as from_cells on migration.from_cell = from_cells.named_cell
left join cells as to_cells on migration.to_cell = to_cells.named_cell
