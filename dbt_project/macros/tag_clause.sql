{# One clause as SQL. The attribute is a name of the catalogue, the sign one of the list here, and values come from the row
   of operands: no text of a rule becomes SQL. A missing value meets nothing but `empty`. Numbers are compared as double,
   which keeps the order and equality of decimals of up to fifteen digits; booleans are compared as the words true and
   false. #}
{% macro tag_clause(attribute, comparison, operand) -%}
    {%- set signs = {
        'equal_number': '=', 'other_number': '<>', 'less': '<', 'at_most': '<=', 'more': '>', 'at_least': '>=',
        'equal_text': '=', 'other_text': '<>', 'filled': 'is not null', 'empty': 'is null',
    } -%}
    {%- if not modules.re.fullmatch('[a-z][a-z0-9_]*', attribute or '') or comparison not in signs -%}
        {%- do exceptions.raise_compiler_error('A rule has an unknown attribute or comparison; see rekindle tags check.') -%}
    {%- endif -%}
    {%- if comparison in ['filled', 'empty'] -%}
        holders.{{ attribute }} {{ signs[comparison] }}
    {%- elif comparison in ['equal_text', 'other_text'] -%}
        cast(holders.{{ attribute }} as {{ dbt.type_string() }}) {{ signs[comparison] }} operands.text_{{ operand }}
    {%- else -%}
        cast(holders.{{ attribute }} as double) {{ signs[comparison] }} operands.number_{{ operand }}
    {%- endif -%}
{%- endmacro %}
