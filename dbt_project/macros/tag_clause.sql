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
            'preferred_interaction', 'category_group', 'preferred_category',
            'preferred_brand', 'usual_pack_size', 'preferred_daypart', 'cycle_band', 'value_tier',
        ],
        'boolean': [
            'is_high_intent', 'is_in_sleep_pool',
        ],
    }) }}
{% endmacro %}


{# Whether a holder (a member or a product) meets one clause of a path; `attributes` are those of its catalogue, `paths`
   is the relation with the path. A missing value meets nothing but `empty`. A comparison and its opposite are one
   expression: the fewer, the sooner it is planned. #}
{% macro tag_clause(slot, attributes, paths) -%}
    {%- set attribute, comparison = paths ~ '.attribute_' ~ slot, paths ~ '.comparison_' ~ slot -%}
    {%- set number -%}
        case {{ attribute }}
        {%- for name in attributes['number'] %} when '{{ name }}' then cast(holders.{{ name }} as decimal(20, 6)) {%- endfor %}
        else null end
    {%- endset -%}
    {%- set words -%}
        case {{ attribute }}
        {%- for name in attributes['words'] %} when '{{ name }}' then holders.{{ name }} {%- endfor %}
        {%- for name in attributes['boolean'] %} when '{{ name }}' then case when holders.{{ name }} then 'true' when not holders.{{ name }} then 'false' end {%- endfor %}
        else null end
    {%- endset -%}
    case
        when {{ attribute }} is null then true
        {%- for measured, sign, name, opposite, operand in [
            (number, '=', 'equal_number', 'other_number', 'number_'), (number, '<', 'less', 'at_least', 'number_'),
            (number, '>', 'more', 'at_most', 'number_'), (words, '=', 'equal_text', 'other_text', 'text_'),
        ] %}
        when {{ comparison }} in ('{{ name }}', '{{ opposite }}')
            then ({{ measured }} {{ sign }} {{ paths }}.{{ operand }}{{ slot }}) = ({{ comparison }} = '{{ name }}')
        {%- endfor %}
        when {{ comparison }} in ('empty', 'filled')
            then ({{ number }} is null and {{ words }} is null) = ({{ comparison }} = 'empty')
        else false
    end
{%- endmacro %}


{# Whether a path is valid on the holder's date and all of its clauses are met. The dates are compared inside a case: as
   plain comparisons they become what some engines join by, and everybody is sorted by date first. #}
{% macro path_is_met(attributes, paths) -%}
    case when holders.as_of_date between {{ paths }}.valid_from and {{ paths }}.valid_to then true else false end
    {%- for slot in range(1, var('most_tag_clauses') + 1) %}
    and {{ tag_clause(slot, attributes, paths) }}
    {%- endfor %}
{%- endmacro %}
