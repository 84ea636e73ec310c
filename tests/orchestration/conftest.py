"""A warehouse of four models in a folder of its own, run through the real command line."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from orchestration.project import DBT_PROJECT_DIR, PROJECT_DIR, SEEDS_DIR
from tests.commands import Command
from tests.once import once

TINY_PROJECT = Path(__file__).parent / "tiny_project"
SOURCES = ("chain", "rekindle")
DAY = "2025-12-28"
MEMBERS = [
    {"system": "pos", "member_id": f"M{number}", "registered_at": datetime(2025, 1, 1)}
    for number in range(20)
]
ORDERS = [
    {
        "order_id": number,
        "system": "pos",
        "member_id": f"M{number % 20}",
        "channel": "store",
        # The last is early on the 28th in Shanghai, and still the 27th in UTC.
        "ordered_at": datetime(2025, 12, 27, 18) - timedelta(days=number % 10),
        "status": "completed",
        "gross_amount": Decimal("10.00"),
        "discount_amount": Decimal("0.00"),
        "net_amount": Decimal("10.00"),
    }
    for number in range(200)
]


@dataclass(frozen=True)
class Tiny:
    """The tiny project and a home for it."""

    project: Path
    home: Path

    def started(self, *arguments):
        """The command line, started in the tiny project."""
        environment = {**os.environ, "PYTHONPATH": str(self.project), "COLUMNS": "100"}
        return Command(self.project, ["--home", str(self.home), *arguments], environment)

    def rekindle(self, *arguments):
        """Runs the command line to its end."""
        process = self.started(*arguments)
        said = process.communicate(timeout=300)
        return subprocess.CompletedProcess(arguments, process.returncode, *said)

    def deliver(self, table, day, rows):
        """Delivers rows of the chain's table as one Parquet file; columns not named are empty."""
        contract = yaml.safe_load((DBT_PROJECT_DIR / "models/staging/chain/chain__sources.yml").read_text())
        [declared] = [each for each in contract["sources"][0]["tables"] if each["name"] == table]
        columns = {}
        for column in declared["columns"]:
            values = [row.get(column["name"]) for row in rows]
            is_empty = all(value is None for value in values)
            columns[column["name"]] = pa.array(values, pa.string() if is_empty else None)
        file = self.project / f"{table}-{day}.parquet"
        pq.write_table(pa.table(columns), file)
        done = self.rekindle("deliver", str(file), "--source", "chain", "--table", table, "--date", day)
        assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def published_once(tmp_path_factory):
    """The tiny project after its first run; only to be copied. And what that run printed."""
    root = once(tmp_path_factory, "tiny", _run_once)
    said = [(root / name).read_text(encoding="utf-8") for name in ("stdout", "stderr")]
    return Tiny(root / "project", root / "home"), subprocess.CompletedProcess(["run"], 0, *said)


def _run_once(root):
    project, home = root / "project", root / "home"
    shutil.copytree(PROJECT_DIR / "orchestration", project / "orchestration")
    shutil.copytree(SEEDS_DIR, project / "seeds")
    # Without any, dbt would begin each build: what is kept for the next one begins with seeds.
    (project / "seeds" / "tiny").mkdir()
    (project / "seeds" / "tiny" / "tiny_stages.csv").write_text("stage\nnew\nsilent\n", encoding="utf-8")
    shutil.copytree(TINY_PROJECT, project / "dbt_project")
    shutil.copy(DBT_PROJECT_DIR / "profiles.yml", project / "dbt_project")
    shutil.copytree(DBT_PROJECT_DIR / "macros" / "schema", project / "dbt_project" / "macros")
    shutil.copy(DBT_PROJECT_DIR / "models" / "columns.md", project / "dbt_project" / "models")
    # The definitions are the real ones, so is what is said of their settings and conditions.
    tiny_file = project / "dbt_project" / "dbt_project.yml"
    declared = yaml.safe_load(tiny_file.read_text(encoding="utf-8"))
    real = yaml.safe_load((DBT_PROJECT_DIR / "dbt_project.yml").read_text(encoding="utf-8"))
    declared["vars"] = real["vars"] | declared["vars"] | {"settings": real["vars"]["settings"]}
    tiny_file.write_text(yaml.safe_dump(declared), encoding="utf-8")
    for source in SOURCES:
        folder = project / "dbt_project" / "models" / "staging" / source
        folder.mkdir(exist_ok=True)
        shutil.copy(DBT_PROJECT_DIR / "models" / "staging" / source / f"{source}__sources.yml", folder)
    tiny = Tiny(project, home)
    done = tiny.rekindle("prepare")
    assert done.returncode == 0, done.stderr
    tiny.deliver("members", DAY, MEMBERS)
    tiny.deliver("orders", DAY, ORDERS)
    done = tiny.rekindle("run", "--weeks", "2")
    assert done.returncode == 0, done.stderr
    (root / "stdout").write_text(done.stdout, encoding="utf-8")
    (root / "stderr").write_text(done.stderr, encoding="utf-8")


@pytest.fixture
def first_run(published_once):
    """What the first run printed."""
    return published_once[1]


@pytest.fixture
def tiny(published_once, tmp_path):
    """A copy of the tiny project with one published version."""
    original = published_once[0]
    shutil.copytree(original.project, tmp_path / "project", symlinks=True)
    shutil.copytree(original.home, tmp_path / "home", symlinks=True)
    return Tiny(tmp_path / "project", tmp_path / "home")


@pytest.fixture(autouse=True)
def own_environment(monkeypatch):
    """Whatever a command writes into the environment is gone after its test."""
    for name in ("REKINDLE_HOME", "DAGSTER_HOME", "DAGSTER_EVENT_BATCH_SIZE"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
