{# Attributes of the product catalogue by what they are compared as; tests/house compares the lists with the catalogue. #}
{% macro product_tag_attributes() %}
    {{ return({
        'number': [
            'list_price', 'buyers', 'category_buyer_share', 'weekly_purchases', 'repeat_buyer_share',
            'replenishment_days', 'bought_alone_share', 'promo_sold_share', 'promotion_uplift', 'top_tier_index',
            'top_stage_index', 'stores_counted', 'in_stock_store_share',
        ],
        'words': [
            'category', 'category_group', 'brand', 'top_tier', 'top_stage', 'top_category_group',
        ],
        'boolean': [],
    }) }}
{% endmacro %}
