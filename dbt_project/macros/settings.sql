{# Settings of a file <domain>_settings.csv as one row of typed columns; which there are, and their types, says the yml
   beside the file. #}
{% macro settings(seed, names) -%}
    {{ settings_row(ref(seed), setting_types(seed), names) }}
{%- endmacro %}

{% macro settings_row(relation, types, names) -%}
    select
    {%- for name in names %}
        {%- if execute and name not in types %}
        {{ exceptions.raise_compiler_error("no setting " ~ name ~ " is declared for " ~ relation.identifier) }}
        {%- endif %}
        cast(max(case when setting = '{{ name }}' then value end) as {{ types[name] }}) as {{ name }}{{ "," if not loop.last }}
    {%- endfor %}
    from {{ relation }}
{%- endmacro %}

{# What is declared of a seed: name -> type; nothing of a seed that is no file of settings. #}
{% macro setting_types(seed) -%}
    {%- set node = graph.nodes.get("seed." ~ project_name ~ "." ~ seed) if execute -%}
    {{ return(node.config.meta.get("settings", {}) if node else {}) }}
{%- endmacro %}
