with rfm as (
    select * from {{ ref('member_rfm') }}
),

value_tiers as (
    select * from {{ ref('member_value_tier') }}
),

cells as (
    select * from {{ ref('rfm_cells') }}
)

select
    rfm.member_key,
    rfm.as_of_date,
    rfm.category_group,
    rfm.days_since_purchase,
    rfm.purchase_days,
    rfm.net_amount,
    rfm.margin_amount,
    rfm.recency_score,
    rfm.frequency_score,
    rfm.monetary_score,
    rfm.margin_score,
    rfm.rfm_total_score,
    rfm.rfm_cell,
    value_tiers.value_tier,
    value_tiers.revenue_share_above,
    rfm.named_cell,
    cells.label_en as cell_label_en,
    cells.label_zh as cell_label_zh,
    rfm.previous_cell,
    cells.play,
    cells.play_label_en,
    cells.play_label_zh
from rfm
inner join value_tiers
    on rfm.member_key = value_tiers.member_key
    and rfm.as_of_date = value_tiers.as_of_date
inner join cells on rfm.named_cell = cells.named_cell
