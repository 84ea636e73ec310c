{# Attributes of the catalogue by what they are compared as; tests/house compares the lists with the catalogue. #}
{% macro tag_attributes() %}
    {{ return({
        'number': [
            'tenure_days', 'systems', 'days_silent', 'days_since_purchase', 'days_since_first_purchase',
            'days_since_reactivation', 'recency_score', 'frequency_score', 'purchase_days_365d', 'orders_90d',
            'interactions_30d', 'interactions_90d', 'visits_30d', 'touches_30d', 'unanswered_touches',
            'cycle_days', 'overdue_ratio', 'promo_order_share', 'discount_share', 'intent_actions_30d',
            'net_amount_365d', 'average_order_amount', 'monetary_score', 'margin_score', 'rfm_total_score',
            'negative_events_365d', 'refunds_365d',
        ],
        'words': [
            'region', 'acquisition_channel', 'device', 'member_level', 'language', 'stage', 'silence_tier', 'silence_cause',
            'preferred_interaction', 'category_group', 'preferred_category',
            'preferred_brand', 'usual_pack_size', 'preferred_daypart', 'cycle_band', 'value_tier',
        ],
        'boolean': [
            'is_high_intent', 'is_in_sleep_pool',
        ],
    }) }}
{% endmacro %}
