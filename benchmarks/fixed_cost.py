"""What a build costs that has next to nothing to build: a small chain, one as-of date, CPU seconds.

Belongs here: running whole commands in processes of their own, beside a script of nothing but their SQL.
Does not: assertions (no test asserts a time), how costs grow with members (whole_way).

Usage: make bench, or python -m benchmarks.fixed_cost
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from datetime import date
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Annotated

import duckdb
import typer

from orchestration.core.summary import text_table
from orchestration.ledger.opening import start_build
from orchestration.project import DBT_PROJECT_DIR, HOME_VARIABLE, WAREHOUSE_VARIABLE, Home
from orchestration.sources.sample import Lives, simulate
from orchestration.warehouse.builds import BUILD_COMMAND
from orchestration.warehouse.connections import quoted
from orchestration.warehouse.dbt import invoke_dbt
from orchestration.warehouse.told import attach_told

AS_OF = date(2025, 12, 28)
RUN = "from orchestration.cli import app; app(['run', '--weeks', '0'])"
START = (
    "from orchestration.definitions import defs; from orchestration.warehouse.dbt import parsed_project; "
    "defs.resolve_job_def('daily'); parsed_project()"
)
ENGINEER = (
    "from dbt.cli.main import cli; cli(['build', '--select', 'member_lifecycle', '--target-path', {!r}])"
)
BARE = "from benchmarks.fixed_cost import bare; bare({!r}, {!r}, {!r}, {!r})"


def cpu_seconds(code: str, home: Home, warehouse: Path, folder: Path = DBT_PROJECT_DIR.parent) -> float:
    """User and system seconds of a Python process and of whatever it started."""
    places = {
        HOME_VARIABLE: str(home.root),
        WAREHOUSE_VARIABLE: str(warehouse),
        "DBT_LOG_PATH": str(home.root / "logs"),
    }
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [sys.executable, "-c", code], cwd=folder, env=os.environ | places, stdout=said, stderr=said
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise SystemExit(said.read().decode())
    return used.ru_utime + used.ru_stime


def bare(manifest: str, loaded: str, build: str, file: str) -> None:
    """Load every seed, make every model, ask every data test: the SQL that dbt compiled, and nothing else."""
    nodes = json.loads(Path(manifest).read_text(encoding="utf-8"))["nodes"]
    made = [name for name, node in nodes.items() if node["resource_type"] in {"seed", "model", "test"}]
    needs = {
        name: [each for each in nodes[name]["depends_on"].get("nodes", []) if each in nodes] for name in made
    }
    with duckdb.connect(file, config={"threads": 2}) as connection:
        connection.execute("set TimeZone = 'UTC'; set preserve_insertion_order = false")
        connection.execute(f"set variable loaded = {quoted(loaded)}")
        connection.execute(f"set variable build = {quoted(build)}")
        attach_told(connection, Path(file))
        for room in sorted({nodes[name]["schema"] for name in made}):
            connection.execute(f"create schema {room}")
        for name in TopologicalSorter(needs).static_order():
            node = nodes[name]
            relation, kind = f"{node['schema']}.{node['name']}", node["config"]["materialized"]
            if node["resource_type"] == "seed":
                connection.read_csv(
                    str(DBT_PROJECT_DIR / node["original_file_path"]), header=True,
                    columns=node["config"]["column_types"], auto_detect=False,
                    sep=",", quotechar='"', escapechar='"',
                ).create(relation)  # fmt: skip
            elif node["resource_type"] == "test":
                connection.execute(node["compiled_code"]).fetchall()
            elif kind in {"table", "view", "history"}:
                made = "view" if kind == "view" else "table"
                connection.execute(f"create {made} {relation} as {node['compiled_code']}")


def main(members: Annotated[int, typer.Option(help="People to simulate.")] = 120) -> None:
    """Run a first and a later day, the same SQL by itself, an engineer's edit; print CPU seconds."""
    with tempfile.TemporaryDirectory(prefix="rekindle-bench-") as folder:
        home = Home(Path(folder))
        simulate(home.landing, home.root / "truth", Lives(members, until=AS_OF))
        build_file = home.root / "unused.duckdb"
        first = cpu_seconds(RUN, home, build_file)
        later = cpu_seconds(RUN, home, build_file)
        build = start_build(home, [AS_OF], run_id="bench000", code_version="bench")
        invoke_dbt(
            [*BUILD_COMMAND, "--write-json"],
            home=home,
            warehouse=build.file,
            target_path=build.target_path,
        )
        manifest = build.target_path / "manifest.json"
        places = (manifest, home.loaded, build.folder, home.root / "rekindle.duckdb")
        script = BARE.format(*map(str, places))
        sql = cpu_seconds(script, home, build.file)
        start = cpu_seconds(START, home, build.file)
        edit = ENGINEER.format(str(home.root / "target"))
        # dbt parses at the first; an engineer's every other one starts from that.
        cpu_seconds(edit, home, build.file, DBT_PROJECT_DIR)
        edited = cpu_seconds(edit, home, build.file, DBT_PROJECT_DIR)
    typer.echo(
        text_table(
            ["what", "CPU s", "at most"],
            [
                ("rekindle run --weeks 0, a home's first day", round(first, 1), ""),
                ("rekindle run --weeks 0, any later day", round(later, 1), "20"),
                ("  of it starting Python, Dagster and dbt", round(start, 1), ""),
                ("  of it SQL, as a bare script takes", round(sql, 1), ""),
                ("  of it all else that dbt and Dagster do", round(later - start - sql, 1), ""),
                ("dbt build --select member_lifecycle", round(edited, 1), "6"),
            ],
        )
    )
    typer.echo(f"\n{members} members, one as-of date; a whole run costs {later / sql:.1f} times its SQL")


if __name__ == "__main__":
    typer.run(main)
