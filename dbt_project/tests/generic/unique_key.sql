{# The named columns together identify a row and none of them is empty: one scan where column tests need several.
   Fails with the keys that repeat and the number of rows with an empty part. #}
{% test unique_key(model, columns) %}
select
    {{ columns | join(', ') }},
    count(*) as occurrences
from {{ model }}
group by {{ columns | join(', ') }}
having
    count(*) > 1
    {%- for column in columns %}
    or {{ column }} is null
    {%- endfor %}
{% endtest %}
