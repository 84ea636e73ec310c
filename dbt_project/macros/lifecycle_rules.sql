{# The rules of silence and churn, once. `facts` has days_silent, touches_since_active and unanswered_touches on the day
   in question; the numbers come from seeds/lifecycle/. #}

{# Past the churn threshold with enough touches since the last sign of life, or past the hard limit. #}
{% macro is_churned(facts, thresholds) -%}
    (
        {{ facts }}.days_silent > {{ thresholds }}.hard_churn_days
        or (
            {{ facts }}.days_silent > {{ thresholds }}.churn_days
            and {{ facts }}.touches_since_active >= {{ thresholds }}.churn_touches
        )
    )
{%- endmacro %}


{# Join condition to seeds/lifecycle/silence_tiers.csv; the highest tier that applies counts. A member who has bought on
   two days has repurchased. What is opened or visited keeps nobody from silence past a tier's limit of days without a
   purchase. `facts` has days_since_purchase too. #}
{% macro silence_tier_applies(facts, tiers, purchase_days) -%}
    (
        {{ facts }}.days_since_purchase > {{ tiers }}.hard_limit_days
        or (
            {{ facts }}.days_silent > {{ tiers }}.more_than_days
            and {{ facts }}.unanswered_touches >= {{ tiers }}.needs_unanswered_touches
            and ({{ purchase_days }} > 1 or not {{ tiers }}.needs_repurchase)
        )
    )
{%- endmacro %}
