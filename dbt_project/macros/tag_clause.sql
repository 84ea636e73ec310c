{# Attributes of the catalogue by what they are compared as; tests/house holds the lists against the catalogue. #}
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
            'preferred_interaction', 'category_group', 'cycle_band', 'value_tier',
        ],
        'boolean': [
            'is_high_intent', 'is_in_sleep_pool',
        ],
    }) }}
{% endmacro %}


{# Whether a holder (a member or a product) meets one clause of a path; `attributes` are those of its
   catalogue. A missing value meets nothing but `empty`. #}
{% macro tag_clause(slot, attributes) -%}
    {%- set number -%}
        case paths.attribute_{{ slot }}
        {%- for name in attributes['number'] %} when '{{ name }}' then cast(holders.{{ name }} as decimal(20, 6)) {%- endfor %}
        else null end
    {%- endset -%}
    {%- set words -%}
        case paths.attribute_{{ slot }}
        {%- for name in attributes['words'] %} when '{{ name }}' then holders.{{ name }} {%- endfor %}
        {%- for name in attributes['boolean'] %} when '{{ name }}' then case when holders.{{ name }} then 'true' when not holders.{{ name }} then 'false' end {%- endfor %}
        else null end
    {%- endset -%}
    case
        when paths.attribute_{{ slot }} is null then true
        when paths.comparison_{{ slot }} = 'equal_number' then {{ number }} = paths.number_{{ slot }}
        when paths.comparison_{{ slot }} = 'other_number' then {{ number }} <> paths.number_{{ slot }}
        when paths.comparison_{{ slot }} = 'less' then {{ number }} < paths.number_{{ slot }}
        when paths.comparison_{{ slot }} = 'at_most' then {{ number }} <= paths.number_{{ slot }}
        when paths.comparison_{{ slot }} = 'more' then {{ number }} > paths.number_{{ slot }}
        when paths.comparison_{{ slot }} = 'at_least' then {{ number }} >= paths.number_{{ slot }}
        when paths.comparison_{{ slot }} = 'equal_text' then {{ words }} = paths.text_{{ slot }}
        when paths.comparison_{{ slot }} = 'other_text' then {{ words }} <> paths.text_{{ slot }}
        when paths.comparison_{{ slot }} = 'filled' then {{ number }} is not null or {{ words }} is not null
        when paths.comparison_{{ slot }} = 'empty' then {{ number }} is null and {{ words }} is null
        else false
    end
{%- endmacro %}
