"""What the simulated chain sells and where: stores, products, stock.

Belongs here: the invented names, the tables that do not grow with the number of members.
Does not: members, anything that happens on a day (behaviour).
"""

from __future__ import annotations

import duckdb
import pyarrow as pa

from orchestration.core.errors import RekindleError

# Region, city, city in Chinese; three stores in each city.
CITIES = """
East|Shanghai|上海
East|Hangzhou|杭州
East|Nanjing|南京
East|Suzhou|苏州
East|Ningbo|宁波
South|Guangzhou|广州
South|Shenzhen|深圳
South|Dongguan|东莞
South|Xiamen|厦门
North|Beijing|北京
North|Tianjin|天津
North|Qingdao|青岛
North|Jinan|济南
West|Chengdu|成都
West|Chongqing|重庆
West|Xi'an|西安
West|Kunming|昆明
Central|Wuhan|武汉
Central|Changsha|长沙
Central|Zhengzhou|郑州
"""

ROADS = """
People's Road|人民路
Zhongshan Road|中山路
Jiefang Road|解放路
Jianshe Road|建设路
Wenhua Road|文化路
Heping Road|和平路
Xinhua Road|新华路
Changjiang Road|长江路
Riverside Plaza|滨江广场
University Town|大学城
"""

# Category | typical price in yuan | things sold. The category group stands in seeds/lifecycle/categories.csv.
CATEGORIES = """
dairy|16|Fresh milk 鲜牛奶, Yoghurt 酸奶, Cheese sticks 奶酪棒, Butter 黄油, Oat milk 燕麦奶
snacks|12|Potato crisps 薯片, Nut mix 混合坚果, Seaweed 海苔, Biscuits 饼干, Dried mango 芒果干
beverages|9|Sparkling water 气泡水, Green tea 绿茶, Orange juice 橙汁, Coconut water 椰子水, Coffee 咖啡
fresh_produce|14|Apples 苹果, Cherry tomatoes 圣女果, Spinach 菠菜, Blueberries 蓝莓, Eggs 鸡蛋
household|24|Laundry gel 洗衣凝珠, Tissues 抽纸, Dish soap 洗洁精, Bin bags 垃圾袋, Floor wipes 地板湿巾
personal_care|32|Shampoo 洗发水, Toothpaste 牙膏, Hand cream 护手霜, Face mask 面膜, Body wash 沐浴露
hot_pot|128|Beef set 肥牛套餐, Mushroom set 菌菇套餐, Seafood set 海鲜套餐, Spicy set 麻辣套餐
noodles|32|Beef noodles 牛肉面, Wonton noodles 云吞面, Dan dan noodles 担担面, Cold noodles 凉面
tea_drinks|19|Fruit tea 水果茶, Milk tea 奶茶, Oolong latte 乌龙拿铁, Jasmine tea 茉莉绿茶
barbecue|86|Lamb skewers 羊肉串, Grilled fish 烤鱼, Chicken wings 烤鸡翅, Night set 夜宵套餐
small_appliances|369|Air fryer 空气炸锅, Kettle 电热水壶, Rice cooker 电饭煲, Vacuum cleaner 吸尘器
home_textiles|238|Duvet 羽绒被, Bed linen 四件套, Towel set 毛巾套装, Pillow 乳胶枕
cookware|189|Wok 炒锅, Soup pot 汤锅, Knife set 刀具套装, Tea set 茶具
sportswear|279|Running shoes 跑鞋, Yoga trousers 瑜伽裤, Rain jacket 冲锋衣, Training shirt 训练服
beauty_salon|168|Haircut 剪发, Hair colour 染发, Facial 面部护理, Manicure 美甲
fitness|99|Day pass 单次卡, Personal lesson 私教课, Yoga class 瑜伽课, Swimming 游泳票
car_care|78|Car wash 洗车, Waxing 打蜡, Oil change 换机油, Interior clean 内饰清洁
laundry|45|Shirt set 衬衫清洗, Coat 大衣干洗, Shoes 洗鞋, Duvet cleaning 被褥清洗
"""

BRANDS = """
Morning Pasture|晨牧
Lake & Pine|湖松
Golden Harvest|金穗
Cloud Nine|九云
Red Lantern|红灯笼
Little Ox|小牛犊
Green Bamboo|青竹
Silver Crane|银鹤
Plum Valley|梅谷
North Star|北辰
"""

PACKS = {
    "fast_moving": ["small", "standard", "family", "multipack"],
    "restaurant": ["single", "for two", "for four"],
    "durable": ["basic", "plus", "pro"],
    "service": ["single", "five visits", "ten visits"],
}
# How far a pack's price lies from the smallest pack's: the position in its list, times this, added to one.
PACK_STEP = {"fast_moving": 0.5, "restaurant": 0.8, "durable": 0.6, "service": 2.0}
BRANDS_PER_CATEGORY = {"fast_moving": 10, "restaurant": 6, "durable": 6, "service": 6}


def _lines(text: str) -> list[list[str]]:
    return [[part.strip() for part in line.split("|")] for line in text.strip().splitlines()]


def make_assortment(con: duckdb.DuckDBPyConnection, categories_file: str) -> None:
    """Make the tables ``stores``, ``products`` and ``group_sizes``.

    Args:
        con: Connection with the macros and the table ``rhythm`` in place.
        categories_file: The seed that maps categories to category groups.

    Raises:
        RekindleError: The seed lacks a category that the sample sells, or gives it a group without rhythm.
    """
    _make_stores(con)
    things = [
        (category, float(price), number, thing.strip())
        for category, price, names in _lines(CATEGORIES)
        for number, thing in enumerate(names.split(","))
    ]
    con.register("things", _table(things, ["category", "price", "thing_number", "thing"]))
    missing = con.execute(
        """
        select distinct things.category
        from things
        left join read_csv($categories, all_varchar = true) as seed on things.category = seed.category
        where seed.category_group is null or seed.category_group not in (select category_group from rhythm)
        order by things.category
        """,
        {"categories": categories_file},
    ).fetchall()
    if missing:
        names = ", ".join(row[0] for row in missing)
        raise RekindleError(
            f"seeds/lifecycle/categories.csv: no usable category group for {names}. The sample sells these "
            f"and knows the groups {', '.join(PACKS)}; put the rows back."
        )
    brands = [(number, en, zh) for number, (en, zh) in enumerate(_lines(BRANDS))]
    packs = [
        (group, number, pack, 1 + number * PACK_STEP[group], BRANDS_PER_CATEGORY[group])
        for group, names in PACKS.items()
        for number, pack in enumerate(names)
    ]
    con.register("brands", _table(brands, ["brand_number", "brand", "brand_zh"]))
    con.register("packs", _table(packs, ["category_group", "pack_number", "pack", "factor", "brand_limit"]))
    con.execute(
        """
        create temp table products as
        with combined as (
            select
                rhythm.grp,
                things.*,
                brands.*,
                packs.pack,
                packs.factor,
                hash(things.thing || brands.brand || packs.pack || things.category) as mixed,
            from things
            join read_csv($categories, all_varchar = true) as seed on things.category = seed.category
            join rhythm on seed.category_group = rhythm.category_group
            join packs on rhythm.category_group = packs.category_group
            join brands on brands.brand_number < packs.brand_limit
        ),
        numbered as (
            select *, row_number() over (order by grp, mixed, category, thing, brand, pack) - 1 as product_no
            from combined
        )
        select
            product_no,
            grp,
            'SKU' || lpad(cast(product_no + 1 as varchar), 5, '0') as product_id,
            brand || ' ' || brand_zh || ' ' || thing || ', ' || pack as product_name,
            category,
            brand,
            pack as pack_size,
            cast(greatest(200, round(price * factor * (60 + 80 * draw('price', product_no))) - 1)
                as bigint) as price_fen,
            0.45 + 0.3 * draw('cost', product_no) as cost_share,
            -- Nine in ten were on sale before the first day; the others came during the two years.
            date_add(
                getvariable('first_day'),
                cast(case when draw('old', product_no) < 0.9 then -900
                    else 700 end * draw('launch', product_no) as int)
            ) as launched_on,
        from numbered
        """,
        {"categories": categories_file},
    )
    con.execute(
        """
        create temp table group_sizes as
        select grp, min(product_no) as first_product, count(*) as group_products from products group by grp
        """
    )


def _make_stores(con: duckdb.DuckDBPyConnection) -> None:
    roads = _lines(ROADS)
    rows = []
    for city_number, (region, city, city_zh) in enumerate(_lines(CITIES)):
        for place in range(3):
            road, road_zh = roads[(3 * city_number + place) % len(roads)]
            store_no = 3 * city_number + place
            name = f"{city_zh}{road_zh}店 {city} {road}"
            rows.append((store_no, f"S{store_no + 1:03d}", name, region, city))
    con.register("store_names", _table(rows, ["store_no", "store_id", "store_name", "region", "city"]))
    con.execute(
        """
        create temp table stores as
        select
            *,
            date_add(getvariable('first_day'), cast(-400 - 3000 * draw('opened', store_no) as int))
                as opened_on,
            cast(null as date) as closed_on,
        from store_names
        """
    )


# Counted at the end of each of the last six months and on the last day; a store carries two products in five,
# and one count in twenty-five finds the shelf empty.
STOCK = """
    select
        stores.store_id,
        products.product_id,
        counts.counted_on,
        case
            when draw('empty', counts.number * 1000000 + store_no * 10000 + product_no) < 0.04 then 0
            else cast(floor(1
                + 60 * draw('units', counts.number * 1000000 + store_no * 10000 + product_no)) as integer)
        end as units,
    from stores
    cross join products
    cross join (
        select number, case when number = 0 then getvariable('last_day') else month_end end as counted_on
        from (
            select
                number,
                cast(date_trunc('month', getvariable('last_day')) - to_months(cast(number - 1 as integer))
                    as date) - 1
                    as month_end,
            from range(7) as months (number)
        )
    ) as counts
    where draw('carried', store_no * 10000 + product_no) < 0.4
"""


def _table(rows: list[tuple], names: list[str]) -> pa.Table:
    return pa.table(dict(zip(names, zip(*rows, strict=True), strict=True)))
