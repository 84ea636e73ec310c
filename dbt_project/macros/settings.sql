{# Settings of a file <domain>_settings.csv as one row of typed columns; dbt_project.yml lists which there are. #}
{% macro settings(seed, names) -%}
    {{ settings_row(ref(seed), setting_types(seed), names) }}
{%- endmacro %}

{% macro settings_row(relation, types, names) -%}
    select
    {%- for name in names %}
        {%- if name not in types %}
        {{ exceptions.raise_compiler_error("dbt_project.yml lists no setting " ~ name ~ " of " ~ relation.identifier) }}
        {%- endif %}
        cast(max(case when setting = '{{ name }}' then value end) as {{ types[name] }}) as {{ name }}{{ "," if not loop.last }}
    {%- endfor %}
    from {{ relation }}
{%- endmacro %}

{# What is listed of a seed: name -> type; nothing of a seed that is no file of settings. #}
{% macro setting_types(seed) -%}
    {{ return(var("settings", {}).get(seed, {})) }}
{%- endmacro %}
