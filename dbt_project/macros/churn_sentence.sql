{# A sentence with its numbers in place: whole, as people say them, rounded up like the day on which the next purchase is
   due. `{measured_s}` and `{expected_s}` are the s of a plural: nothing where the number is one. `fired` has the numbers
   and, unless another relation `worded` has it, the sentence; its column `chance`, where there is one, the probability
   that `{chance}` is in percent, rounded down: what is not certain is never 100. #}
{% macro churn_sentence(fired, sentence, worded=none, chance=none) -%}
    {%- set measured = 'cast(ceil(' ~ fired ~ '.measured_value) as bigint)' -%}
    {%- set expected = 'cast(ceil(' ~ fired ~ '.expected_value) as bigint)' -%}
    {%- set said = dbt.replace((worded or fired) ~ '.' ~ sentence, "'{measured_s}'", plural_s(measured)) -%}
    {%- set said = dbt.replace(said, "'{expected_s}'", plural_s(expected)) -%}
    {%- set said = dbt.replace(said, "'{measured}'", 'cast(' ~ measured ~ ' as ' ~ dbt.type_string() ~ ')') -%}
    {%- if chance %}
    {%- set percent = 'cast(floor(' ~ fired ~ '.' ~ chance ~ ' * 100) as bigint)' -%}
    {%- set said = dbt.replace(said, "'{chance}'", 'cast(' ~ percent ~ ' as ' ~ dbt.type_string() ~ ')') -%}
    {%- endif %}
    {{ dbt.replace(said, "'{expected}'", "coalesce(cast(" ~ expected ~ " as " ~ dbt.type_string() ~ "), '')") }}
{%- endmacro %}


{% macro plural_s(number) -%}
    case when {{ number }} = 1 then '' else 's' end
{%- endmacro %}
