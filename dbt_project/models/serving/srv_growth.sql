with growth as (
    select * from {{ ref('member_growth') }}
),

levels as (
    select * from {{ ref('growth_levels') }}
)

select
    growth.member_key,
    growth.as_of_date,
    growth.growth_points,
    growth.growth_level,
    levels.label_en as level_label_en,
    levels.label_zh as level_label_zh,
    growth.next_level,
    growth.points_to_next_level,
    growth.benefit_pack,
    levels.pack_label_en,
    levels.pack_label_zh,
    levels.pack_en,
    levels.pack_zh
from growth
inner join levels on growth.growth_level = levels.growth_level
