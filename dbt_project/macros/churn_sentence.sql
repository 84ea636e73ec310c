{# A sentence with its numbers in place: whole, as people say them, rounded up like the day on which the next purchase is
   due. `{measured_s}` and `{expected_s}` are the s of a plural: nothing where the number is one. #}
{% macro churn_sentence(fired, sentence) -%}
    {%- set said = namespace(sentence=fired ~ '.' ~ sentence) -%}
    {%- for number in ('measured', 'expected') -%}
        {%- set whole = 'cast(ceil(' ~ fired ~ '.' ~ number ~ '_value) as bigint)' -%}
        {%- set shown = "coalesce(cast(" ~ whole ~ " as " ~ dbt.type_string() ~ "), '')" -%}
        {%- set plural = "case when " ~ whole ~ " = 1 then '' else 's' end" -%}
        {%- set said.sentence = dbt.replace(said.sentence, "'{" ~ number ~ "}'", shown) -%}
        {%- set said.sentence = dbt.replace(said.sentence, "'{" ~ number ~ "_s}'", plural) -%}
    {%- endfor -%}
    {{ said.sentence }}
{%- endmacro %}
