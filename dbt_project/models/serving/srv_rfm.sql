with rfm as (
    select * from {{ ref('member_rfm') }}
),

value_tiers as (
    select * from {{ ref('member_value_tier') }}
),

member_cells as (
    select * from {{ ref('member_rfm_cell') }}
),

cells as (
    select * from {{ ref('rfm_cells') }}
)

select
    rfm.*,
    value_tiers.value_tier,
    value_tiers.revenue_share_above,
    member_cells.named_cell,
    cells.label_en as cell_label_en,
    cells.label_zh as cell_label_zh,
    member_cells.previous_cell,
    cells.play,
    cells.play_label_en,
    cells.play_label_zh
from rfm
inner join value_tiers
    on rfm.member_key = value_tiers.member_key
    and rfm.as_of_date = value_tiers.as_of_date
inner join member_cells
    on rfm.member_key = member_cells.member_key
    and rfm.as_of_date = member_cells.as_of_date
inner join cells on member_cells.named_cell = cells.named_cell
