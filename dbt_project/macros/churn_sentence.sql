{# The sentence of a fired signal with its numbers in place: whole, as people say them, rounded up like the day on which
   the next purchase is due. #}
{% macro churn_sentence(fired, sentence) -%}
    {%- set measured = 'cast(cast(ceil(' ~ fired ~ '.measured_value) as bigint) as ' ~ dbt.type_string() ~ ')' -%}
    {%- set expected = 'cast(cast(ceil(' ~ fired ~ '.expected_value) as bigint) as ' ~ dbt.type_string() ~ ')' -%}
    {%- set with_measured = dbt.replace(fired ~ '.' ~ sentence, "'{measured}'", measured) -%}
    {{ dbt.replace(with_measured, "'{expected}'", "coalesce(" ~ expected ~ ", '')") }}
{%- endmacro %}
