{# One clause as SQL. Names come from the lists of attributes and comparisons here, values from the row of operands: no text
   of a rule becomes SQL. A missing value meets nothing but `empty`. Numbers are compared as double, which keeps the order
   and equality of decimals of up to fifteen digits. #}
{% macro tag_clause(attributes, attribute, comparison, operand) -%}
    {%- set signs = {
        'equal_number': '=', 'other_number': '<>', 'less': '<', 'at_most': '<=', 'more': '>', 'at_least': '>=',
        'equal_text': '=', 'other_text': '<>', 'filled': 'is not null', 'empty': 'is null',
    } -%}
    {%- set held = {} -%}
    {%- for kind in ['number', 'words', 'boolean'] if attribute in attributes[kind] -%}
        {%- do held.update({'kind': kind, 'name': 'holders.' ~ attributes[kind][attributes[kind].index(attribute)]}) -%}
    {%- endfor -%}
    {%- if not held or comparison not in signs -%}
        {%- do exceptions.raise_compiler_error('A rule has an unknown attribute or comparison; see rekindle tags check.') -%}
    {%- endif -%}
    {%- set sign = signs[comparison] -%}
    {%- if comparison in ['filled', 'empty'] -%}
        {{ held.name }} {{ sign }}
    {%- elif held.kind == 'number' -%}
        cast({{ held.name }} as double) {{ sign }} operands.number_{{ operand }}
    {%- elif held.kind == 'words' -%}
        {{ held.name }} {{ sign }} operands.text_{{ operand }}
    {%- else -%}
        case when {{ held.name }} then 'true' when not {{ held.name }} then 'false' end {{ sign }} operands.text_{{ operand }}
    {%- endif -%}
{%- endmacro %}
