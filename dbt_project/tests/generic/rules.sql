{# Everything a relation promises, as one test: one row per broken rule, with the rows that break it.

   key         columns that together identify a row, none of them empty
   keys        further keys: name -> columns
   references  every filled value of `column` is one of `field` (if not given: of the same name) in the model `to`.
               With `per`, a column of both, values are looked up within it, and what delivered nothing at all to
               that model is passed over: an optional table that is missing never breaks a build
   conditions  name -> condition that every row satisfies; unknown (NULL) counts as broken, so that no rule passes by
               accident

   References and conditions of a file of settings (macros/settings.sql) are about its settings as one row.

   All conditions together read the relation once. orchestration/warehouse/dbt.py tells the broken rules. #}
{% test rules(model, key=none, keys={}, references=[], conditions={}) %}
{{ config(fail_calc="coalesce(sum(failing_rows), 0)") }}
{%- set types = setting_types(model.identifier) -%}
{%- set rows = "(" ~ settings_row(model, types, types) ~ ")" if types else model -%}
{%- set answers = [] -%}
{%- if conditions -%}
    {%- set answer -%}
select
    named.rule,
    case named.rule_no
    {%- for _ in conditions %}
        when {{ loop.index }} then counted.broken_{{ loop.index }}
    {%- endfor %}
    end as failing_rows
from (
    select
    {%- for condition in conditions.values() %}
        sum(case when ({{ condition }}) then 0 else 1 end) as broken_{{ loop.index }}{{ "," if not loop.last }}
    {%- endfor %}
    from {{ rows }} as checked
) as counted
cross join (
    {%- for name in conditions %}
    select {{ loop.index }} as rule_no, '{{ name }}' as rule{{ " union all" if not loop.last }}
    {%- endfor %}
) as named
    {%- endset -%}
    {%- do answers.append(answer) -%}
{%- endif -%}
{%- for name, columns in ([("key", key)] if key else []) + keys.items() | list -%}
    {%- set answer -%}
select '{{ name }}' as rule, sum(occurrences) as failing_rows
from (
    select count(*) as occurrences
    from {{ model }}
    group by {{ columns | join(", ") }}
    having count(*) > 1{% for column in columns %} or {{ column }} is null{% endfor %}
) as repeated
    {%- endset -%}
    {%- do answers.append(answer) -%}
{%- endfor -%}
{%- for reference in references -%}
    {%- set column, per = reference.column, reference.get("per") -%}
    {%- set field = reference.get("field", column) -%}
    {%- set answer -%}
select '{{ column }} in {{ reference.to.identifier }}' as rule, count(*) as failing_rows
from {{ rows }} as child
left join {{ reference.to }} as parent
    on
        child.{{ column }} = parent.{{ field }}
        {%- if per %}
        and child.{{ per }} = parent.{{ per }}
        {%- endif %}
where
    child.{{ column }} is not null
    and parent.{{ field }} is null
    {%- if per %}
    and child.{{ per }} in (select known.{{ per }} from {{ reference.to }} as known)
    {%- endif %}
    {%- endset -%}
    {%- do answers.append(answer) -%}
{%- endfor %}
select rule, failing_rows
from (
{{ answers | join("\nunion all\n") }}
) as answered
where failing_rows > 0
{% endtest %}
