with migration as (
    select * from {{ ref('fct_rfm_migration') }}
),

cells as (
    select * from {{ ref('dim_rfm_cell') }}
)

select
    migration.as_of_date,
    migration.from_cell,
    from_cells.label_en as from_label_en,
    from_cells.label_zh as from_label_zh,
    migration.to_cell,
    to_cells.label_en as to_label_en,
    to_cells.label_zh as to_label_zh,
    migration.members,
    migration.net_amount
from migration
left join cells as from_cells on migration.from_cell = from_cells.named_cell
left join cells as to_cells on migration.to_cell = to_cells.named_cell
