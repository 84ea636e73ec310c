{# How a model becomes a table or a view in DuckDB: replaced under its own name, in one transaction, and only if it
   keeps its contract. What readers do not get, or not with every date, lies in a file of its own where there is one (a
   build's folder has it), and in the build's file is a view of it. Comments are written by the audit. dbt-duckdb's own
   way (built under another name, two renames, a backup, two looks at the query for the contract) costs more than most
   models do. #}

{% materialization table, adapter="duckdb" %}
    {%- set query = in_declared_order(sql) -%}
    {%- set lies_whole = model.config.meta.public and model.config.meta.keeps != "newest" -%}
    {%- if lies_whole or not has_working_file() -%}
        {{ return(replaced(this.incorporate(type="table"), query)) }}
    {%- endif -%}
    {%- set working = this.incorporate(path={"database": "working", "schema": "main"}, type="table") -%}
    {% do replaced(working, query) %}
    {{ return(replaced(this.incorporate(type="view"), "from " ~ working)) }}
{% endmaterialization %}

{# A table that carries past dates on, by its `meta`: what an earlier version told of a date stays, and is joined by what the query
   says of others. `told_with` names further columns (a horizon) that must be told of before a row stays; with `renewed`
   what the query says goes first, and what was told fills the dates it says nothing of. Rows of members who are no
   longer there (merged, or erased) leave. `in_order_of` is the order of the rows. orchestration/warehouse/told.py says the same for SQL that is kept. #}
{% materialization history, adapter="duckdb" %}
    {{ return(replaced(this.incorporate(type="table"), with_what_was_told(in_declared_order(sql)))) }}
{% endmaterialization %}

{% macro with_what_was_told(query) %}
    {%- set keys = ["as_of_date"] + model.config.meta.get("told_with", []) -%}
    {%- set first, second = ("made", "told") if model.config.meta.get("renewed") else ("told", "made") -%}
    {%- set order = model.config.meta.get("in_order_of", []) -%}
        with made as ({{ query }}),
        told as (
            select * from {{ told(model.schema, model.name) }}
            {%- if "member_key" in model.columns %} where member_key in (select member_key from core.dim_member)
            {%- endif %}
        )
        select * from (
            select * from {{ first }}
            union all by name
            select * from {{ second }} anti join (select distinct {{ keys | join(", ") }} from {{ first }}) as stays
            using ({{ keys | join(", ") }})
        ) as carried
        {%- if order %} order by {{ order | join(", ") }} {%- endif %}
{% endmacro %}

{# What an earlier version told of a table, for a model that looks back at itself; no rows without one. #}
{% macro told(room, name) -%}
    "told"."{{ room }}"."{{ name }}"
{%- endmacro %}

{% materialization view, adapter="duckdb" %}
    {{ return(replaced(this.incorporate(type="view"), sql)) }}
{% endmaterialization %}

{% macro replaced(relation, query) %}
    {%- set former = load_cached_relation(relation) -%}
    {{ run_hooks(pre_hooks) }}
    {% call statement("main") -%}
        {% if former is not none and former.type != relation.type %}
        drop {{ former.type }} {{ former }};
        {% endif %}
        create or replace {{ relation.type }} {{ relation }} as
        {{ query }};
        {% if config.get("contract").enforced %}
        {{ held_to_contract(relation) }}
        {% endif %}
    {%- endcall %}
    {{ run_hooks(post_hooks) }}
    {{ adapter.commit() }}
    {{ return({"relations": [relation]}) }}
{% endmacro %}

{% macro has_working_file() %}
    {% call statement("working_file", fetch_result=True) -%}
        select database_name from duckdb_databases() where database_name = 'working'
    {%- endcall %}
    {{ return(load_result("working_file").data | length > 0) }}
{% endmacro %}

{# What nobody declared comes last, for the contract to find. #}
{% macro in_declared_order(query) %}
    {%- if config.get("contract").enforced -%}
        {%- set declared = model.columns | join(", ") -%}
        select {{ declared }}, * exclude ({{ declared }}) from ({{ query }}) as made
    {%- else -%}
        {{ query }}
    {%- endif -%}
{% endmacro %}

{# Fails, and names the columns, unless what came out has exactly the columns and types of the yml. #}
{% macro held_to_contract(relation) %}
        select error(
            'This model has an enforced contract that failed: '
            || string_agg(
                column_name || ' is declared as ' || coalesce(declared.data_type, 'nothing')
                || ' and came out as ' || coalesce(built.column_type, 'nothing'),
                '; '
            )
        )
        from (
            values
            {% for column in model.columns.values() %}
            ('{{ column.name }}', '{{ column.data_type | upper }}'){{ "," if not loop.last }}
            {% endfor %}
        ) as declared (column_name, data_type)
        full join (describe {{ relation }}) as built using (column_name)
        where declared.data_type is distinct from built.column_type
        having count(*) > 0;
{% endmacro %}
