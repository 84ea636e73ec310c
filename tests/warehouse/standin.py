"""A small dbt project with the real profile and the real macros of the engine, for tests that build.

Belongs here: its files, a delivery for it.
Does not: expectations.
"""

import shutil

import duckdb

from orchestration.project import DBT_PROJECT_DIR

FILES = {
    "dbt_project.yml": """
name: standin
version: 0.1.0
profile: rekindle
model-paths: [models]
seed-paths: [../seeds]
models:
  standin:
    staging: {+schema: staging, +materialized: view}
    marts: {+schema: marts, +materialized: table, +meta: {public: true}}
    serving: {+schema: serving, +materialized: view, +meta: {public: true}}
""",
    "macros/generate_schema_name.sql": """
{% macro generate_schema_name(name, node) %}{{ name or target.schema }}{% endmacro %}
""",
    "models/staging/stg_orders.sql": """
select order_id, bonus
from read_parquet(getvariable('loaded') || '/chain/orders/*/*/*/*.parquet'), {{ ref('bonus') }}
""",
    "models/staging/stg_doubled.sql": """
{{ config(materialized='ephemeral') }}
select order_id, 2 * order_id as doubled from {{ ref('stg_orders') }}
""",
    "models/marts/fct_order.sql": "select order_id, doubled from {{ ref('stg_doubled') }}",
    "models/marts/dim_bonus.sql": "select order_id + bonus as rewarded from {{ ref('stg_orders') }}",
    "models/serving/srv_order.sql": "select order_id from {{ ref('fct_order') }}",
    "models/all.yml": """
models:
  - name: fct_order
    description: One row per order; it's small.
    columns: [{name: order_id, description: The order., data_tests: [unique, not_null]}]
    data_tests:
      - rules:
          name: fct_order__rules
          arguments: {key: [order_id], conditions: {is_doubled: doubled = 2 * order_id}}
  - name: srv_order
    description: One row per order, as BI sees it.
    columns: [{name: order_id, description: The order's key.}]
unit_tests:
  - name: a_bonus_is_added
    model: dim_bonus
    given:
      - {input: ref('stg_orders'), rows: [{order_id: 1, bonus: 2}]}
    expect: {rows: [{rewarded: 3}]}
""",
    "macros/duckdb_materializations.sql": (
        DBT_PROJECT_DIR / "macros" / "engine" / "duckdb_materializations.sql"
    ).read_text(),
    "tests/generic/rules.sql": (DBT_PROJECT_DIR / "tests" / "generic" / "rules.sql").read_text(),
    "macros/settings.sql": (DBT_PROJECT_DIR / "macros" / "settings.sql").read_text(),
    "../seeds/bonus.csv": "bonus\n7\n",
}


def written(project):
    for name, content in FILES.items():
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    shutil.copy(DBT_PROJECT_DIR / "profiles.yml", project)
    return project


def with_orders(home, orders):
    folder = home.loaded / "chain" / "orders" / "chain" / "delivered=none" / "month=none"
    folder.mkdir(parents=True)
    duckdb.sql(f"copy (select i as order_id from range({orders}) as orders(i)) to '{folder}/empty.parquet'")
    return home
