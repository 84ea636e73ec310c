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
    inner join {{ ref('dim_offer_date') }} as offer_dates
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


{# Which rules match: rows of `candidates` with rule and weight. A rule matches when every part of it that is filled does:
   the member holds the tag, the product holds the tag, the scene holds, the link is that of the candidate. Members and
   products are compared with the rules apart, so that candidates meet only what is left. #}
{% macro offer_matches(candidates) -%}
    select distinct
        candidates.member_key,
        candidates.as_of_date,
        candidates.source,
        candidates.product_id,
        offer_rules.rule,
        offer_rules.weight
    from {{ candidates }} as candidates
    inner join {{ ref('fct_product_offer_rule') }} as of_product
        on candidates.as_of_date = of_product.as_of_date
        and candidates.source = of_product.source
        and candidates.product_id = of_product.product_id
    inner join {{ ref('fct_member_offer_rule') }} as of_member
        on candidates.member_key = of_member.member_key
        and candidates.as_of_date = of_member.as_of_date
        and of_product.rule = of_member.rule
    inner join {{ ref('offer_rules') }} as offer_rules
        on of_product.rule = offer_rules.rule
        and coalesce(offer_rules.link, candidates.link) = candidates.link
{%- endmacro %}
