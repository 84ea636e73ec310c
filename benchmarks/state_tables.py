"""How fast attributes, tags and churn scores are made, as ratios to a bare scan measured in the same run.

Belongs here: state tables made up in DuckDB, of any size, and the compiled models timed over them.
Does not: assertions (no test asserts a time), the way from deliveries to state tables (whole_way).

Usage: make bench, or python -m benchmarks.state_tables --members 1000000
"""

from __future__ import annotations

import csv
import json
import resource
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

import duckdb
import typer

from orchestration.core.summary import text_table
from orchestration.project import SEEDS_DIR, Home
from orchestration.warehouse.dbt import invoke_dbt

DAY = "date '2025-12-28'"
REPEATS = 3
MEASURED = (
    "member_attributes",
    "fct_tag_conflict",
    "fct_member_tag",
    "member_churn_baseline",
    "int_churn_model__scores",
)
TAGS = ("attributes", "tag_operators", "tags", "tag_rules", "tag_conflicts")
"""Seeds that the SQL of tags is made from."""
BY_HAND = {
    "dim_tag_path": None,
    "fct_tag_conflict": None,
    "stg_rekindle__churn_parameters": """
        select 'all' as category_group, date '2025-12-01' as fitted_on, 1 as rate_shape, 20 as rate_days,
            0.5 as leaving, 3 as staying
    """,
    "dim_as_of_date": f"select {DAY} as as_of_date",
    "stg_rekindle__churn_model_cards": """
        select unnest([28, 90]) as horizon_days, 'one' as version, date '2025-12-01' as fitted_on,
            true as is_promoted, 0.3 as intercept
    """,
    "stg_rekindle__churn_recalibrations": """
        select unnest([28, 90]) as horizon_days, 'one' as version, date '2025-12-15' as calibrated_on,
            0 as offset_logit, 0.5 as base_weight, 0.5 as model_weight
    """,
    "stg_rekindle__churn_coefficients": """
        select 'one' as version, unnest([28, 90]) as horizon_days, feature, 0.5 as feature_mean,
            1.5 as feature_deviation, 0.1 as coefficient
        from rekindle.seeds.churn_model_features
    """,
}
"""Tables that are no made-up state: the rows to read, or None where a compiled model makes them."""
LONG = {"fct_refund": 10}
"""Tables that are no state: one row for so many members."""


def compiled(folder: Path) -> dict[str, dict[str, Any]]:
    """Models and seeds by name, the measured models with the SQL that dbt compiles for them."""
    target = folder / "target"
    # Rules of tags are compiled from the paths there are, so these come first.
    for command in (
        ["seed", "--select", *TAGS],
        ["run", "--select", "dim_tag_path"],
        ["compile", "--write-json", "--select", "dim_tag_path", *MEASURED],
    ):
        invoke_dbt(command, home=Home(folder), warehouse=folder / "rekindle.duckdb", target_path=target)
    nodes = json.loads((target / "manifest.json").read_text(encoding="utf-8"))["nodes"].values()
    return {node["name"]: node for node in nodes if node["resource_type"] in {"model", "seed"}}


def values(name: str, data_type: str, allowed: dict[str, list[str]]) -> str:
    """An expression that makes up a column; the same for the same member."""
    draw = f"(hash(member, '{name}') % 1000)"
    if name == "member_key":
        return "cast(member as bigint)"
    if name == "as_of_date":
        return DAY
    kind = data_type.split("(")[0]
    if kind == "date":
        return f"({DAY} - cast({draw} as integer){' - 1000' if name.startswith('first_') else ''})"
    if kind == "boolean":
        return f"{draw} < 100"
    if kind == "varchar":
        words = allowed.get(name, ["general", "East", "West"])
        return f"[{', '.join(repr(word) for word in words)}][cast({draw} % {len(words)} as integer) + 1]"
    largest = 5 if name.endswith("_score") else 100
    is_share = name.endswith("_share") or name.startswith("base_p_")
    return f"cast({draw} / 1000.0 * {1 if is_share else largest} as {data_type})"


def make_up(connection: duckdb.DuckDBPyConnection, node: dict[str, Any], members: int) -> None:
    """A table with a model's columns: a row per member and one date."""
    with (SEEDS_DIR / "tags" / "attributes.csv").open(encoding="utf-8", newline="") as file:
        allowed = {
            row["attribute"]: row["allowed_values"].split("|")
            for row in csv.DictReader(file)
            if row["allowed_values"]
        }
    columns = ", ".join(
        f"{values(column['name'], column['data_type'], allowed)} as {column['name']}"
        for column in node["columns"].values()
    )
    connection.execute(
        f"create or replace table rekindle.{node['schema']}.{node['name']} as "
        f"select {columns} from range({members // LONG.get(node['name'], 1)}) as everybody(member)"
    )


def seconds(connection: duckdb.DuckDBPyConnection, statement: str) -> tuple[float, float]:
    """Least CPU and wall seconds of a few runs."""
    found = []
    for _ in range(REPEATS):
        before, started = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
        connection.execute(statement)
        after = resource.getrusage(resource.RUSAGE_SELF)
        cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
        found.append((cpu, time.perf_counter() - started))
    return min(found)


def scan_of(nodes: dict[str, dict[str, Any]], name: str) -> str:
    """Every column of a table read once."""
    largest = ", ".join(f"max({column})" for column in nodes[name]["columns"])
    return f"select {largest} from rekindle.{nodes[name]['schema']}.{name}"


def main(
    members: Annotated[int, typer.Option(help="Members of the made-up state tables.")] = 500_000,
) -> None:
    """Make state tables up, time each model over them and a bare scan of what it makes."""
    with tempfile.TemporaryDirectory(prefix="rekindle-bench-") as folder:
        nodes = compiled(Path(folder))
    rows = []
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as rekindle")
        for schema in sorted({node["schema"] for node in nodes.values()}):
            connection.execute(f"create schema rekindle.{schema}")
        for seed in (node for node in nodes.values() if node["resource_type"] == "seed"):
            path = SEEDS_DIR / seed["path"]
            connection.read_csv(
                str(path), header=True, columns=seed["config"]["column_types"], auto_detect=False
            ).create(f"rekindle.seeds.{seed['name']}")
        connection.execute(
            f"create table rekindle.marts.dim_tag_path as {nodes['dim_tag_path']['compiled_code']}"
        )
        for name, rows_by_hand in BY_HAND.items():
            if rows_by_hand:
                make_up(connection, nodes[name], 0)
                table = f"rekindle.{nodes[name]['schema']}.{name}"
                connection.execute(f"insert into {table} by name {rows_by_hand}")
        for name in MEASURED:
            for read in nodes[name]["depends_on"]["nodes"]:
                source = nodes[read.split(".")[-1]]
                if source["resource_type"] == "model" and source["name"] not in BY_HAND:
                    make_up(connection, source, members)
            made_by = nodes[name]["compiled_code"]
            table = f"rekindle.{nodes[name]['schema']}.{name}"
            model = seconds(connection, f"create or replace table {table} as {made_by}")
            [(count,)] = connection.execute(f"select count(*) from {table}").fetchall()
            # Tags are compared with the attributes they read, all others with what they make.
            read = "member_attributes" if "tag" in name else name
            scan = seconds(connection, scan_of(nodes, read))
            rows.append((name, count, *(round(each, 2) for each in model), round(model[0] / scan[0], 1)))
        [(tags,)] = connection.execute(
            "select count(*) from rekindle.seeds.tags where subject = 'member'"
        ).fetchall()
    typer.echo(text_table(["model", "rows", "CPU s", "wall s", "times a scan"], rows))
    both = sum(cpu for name, _, cpu, _, _ in rows if "tag" in name)
    typer.echo(
        f"\n{members:,} members: {tags} tags take {both * 1e6 / members:.1f} CPU s per million members"
    )


if __name__ == "__main__":
    typer.run(main)
