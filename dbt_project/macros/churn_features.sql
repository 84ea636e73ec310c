{# Features of the trained churn model by family; tests/house compares them with seeds/churn/churn_model_features.csv.
   `base_logit` comes from member_churn_baseline, all others are columns of member_churn_features. #}
{% macro churn_features() %}
    {{ return({
        'rhythm': ['base_logit', 'purchase_gap_log', 'overdue_log', 'cycle_log', 'own_gaps_this_long_share'],
        'frequency': [
            'purchase_days_30d_log', 'purchase_days_90d_log', 'purchase_days_180d_log', 'recent_purchases_share',
            'orders_log', 'interactions_30d_log',
        ],
        'value': ['average_order_log'],
        'tenure': ['tenure_log'],
        'promotion': ['promo_orders_share'],
        'service': ['negative_events_90d_log'],
    }) }}
{% endmacro %}


{# What the features of one family add to the blend's log-odds; for int_churn_model__scores, whose CTEs it names. The base
   is a feature of the trained version and a part of the blend as well. #}
{% macro churn_family_logit(features) -%}
    cast(
        {%- for feature in features %}
        {{ '+ ' if not loop.first }}(
            measured.model_weight * weights.{{ feature }}_weight {{- ' + measured.base_weight' if feature == 'base_logit' }}
        ) * (cast(measured.{{ feature }} as double) - weights.{{ feature }}_mean)
        {%- endfor %}
        as decimal(18, 9)
    )
{%- endmacro %}
