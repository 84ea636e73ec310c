{# Products that members marked or looked at, within so many days before an offer date. #}
{% macro marked_products(relation, dated, link, within) -%}
    select
        marked.member_key,
        offer_dates.as_of_date,
        marked.source,
        marked.product_id,
        '{{ link }}' as link
    from {{ relation }} as marked
    cross join settings
    inner join {{ ref('int_offers__dates') }} as offer_dates
        on marked.{{ dated }} <= offer_dates.as_of_date
        and {{ add_days('offer_dates.as_of_date', '-settings.' ~ within) }} < marked.{{ dated }}
    where marked.product_id is not null
{%- endmacro %}


{# The join of two relations about a member, an as-of date and a product. #}
{% macro on_offer_key(one, other, with_product=true) -%}
    on {{ one }}.member_key = {{ other }}.member_key
    and {{ one }}.as_of_date = {{ other }}.as_of_date
    and {{ one }}.source = {{ other }}.source
    {%- if with_product %}
    and {{ one }}.product_id = {{ other }}.product_id
    {%- endif %}
{%- endmacro %}
