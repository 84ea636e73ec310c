{# Orders under every key that a row may name them by: number and system, and the number alone where only one system
   of the source has it. #}
{% macro orders_by_reference() -%}
    select
        *,
        order_key as order_reference_key
    from {{ ref('fct_order') }}
    where system is not null
    union all
    select
        *,
        order_number_key as order_reference_key
    from {{ ref('fct_order') }}
    where order_number_key is not null
{%- endmacro %}
