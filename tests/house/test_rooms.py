"""What each room may read, in SQL and in Python, and that the page for readers says the same."""

import re

import pytest

from orchestration.project import PROJECT_DIR
from tests.house import rooms
from tests.house.reading import Model, Module
from tests.house.rooms import (
    PYTHON_ROOMS,
    SQL_ROOMS,
    circles,
    forbidden_imports,
    forbidden_reads,
    long_statements,
    worldly_calls,
)

JOINS = re.compile(r"\b(join|union|using)\b")
LOGIC = re.compile(
    r"\b(case|where|having|union|group by|over|qualify|coalesce|sum|count|min|max|avg)\b(?! or )"
)
EVALUATIONS = {"score", "tier", "band", "stage"}


def joins(model):
    """Staging that brings two relations together."""
    return sorted(set(JOINS.findall(model.sql))) if model.room == "staging" else []


def logic(model):
    """Words by which a serving model would decide or compute something."""
    sql = re.sub(r"\{%.*?%\}", "", model.sql, flags=re.DOTALL)
    return sorted(set(LOGIC.findall(sql))) if model.room == "serving" else []


def evaluations(model):
    """Columns of core that hold a score, tier, band or stage; what is sealed was evaluated before."""
    if model.room != "core" or model.name.startswith("int_sealed_"):
        return []
    return [name for name in model.columns if name.rsplit("_", 1)[-1] in EVALUATIONS]


def tables_of(page):
    """Every Markdown table of a page as rows of cells, without its heading."""
    tables, rows = [], []
    for line in [*page.splitlines(), ""]:
        if line.startswith("|"):
            rows.append([cell.strip() for cell in line.strip("|").split("|")])
        elif rows:
            tables.append(rows[2:])
            rows = []
    return tables


def test_every_model_reads_only_what_its_room_may(models):
    assert [found for model in models for found in forbidden_reads(model)] == []


@pytest.mark.parametrize(
    ("folder", "read"),
    [
        ("staging/chain", "source.complete_journey"),
        ("staging/chain", "staging.stg_chain__orders"),
        ("staging/chain", "seeds/lifecycle/categories"),
        ("intermediate", "source.chain"),
        ("core/facts", "source.chain"),
        ("core/facts", "marts.member_rfm"),
        ("core/facts", "intermediate.int_rfm__scores"),
        ("intermediate/value", "source.chain"),
        ("intermediate/value", "audiences.aud_decisions"),
        ("marts/value", "audiences.aud_decisions"),
        ("marts/value", "serving.srv_rfm"),
        ("audiences", "serving.srv_experiments"),
        ("experiments", "serving.srv_rfm"),
        ("serving", "source.chain"),
        ("playground", "core.dim_member"),
    ],
)
def test_a_model_that_reads_from_a_closed_room_is_found(folder, read):
    assert len(list(forbidden_reads(Model("planted", folder, reads=(read,))))) == 1


def test_staging_never_joins(models):
    assert {model.name: joins(model) for model in models if joins(model)} == {}


def test_a_join_in_staging_is_found():
    assert joins(Model("stg_a__bs", "staging/a", sql="select * from x inner join y on x.i = y.i")) == ["join"]


def test_serving_decides_and_computes_nothing(models):
    assert {model.name: logic(model) for model in models if logic(model)} == {}


@pytest.mark.parametrize(
    "sql", ["select sum(a) from b", "select a from b where c", "select case when a then b end"]
)
def test_logic_in_serving_is_found(sql):
    assert logic(Model("srv_x", "serving", sql=sql))


def test_core_evaluates_nobody(models):
    assert {model.name: evaluations(model) for model in models if evaluations(model)} == {}


def test_a_score_in_core_is_found():
    assert evaluations(Model("fct_x", "core/facts", columns={"recency_score": None, "scores": None})) == [
        "recency_score"
    ]


def test_every_module_imports_only_what_its_room_may(modules):
    assert [found for module in modules for found in forbidden_imports(module)] == []


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("core.evaluating", "import dagster"),
        ("core.evaluating", "from pathlib import Path"),
        ("core.evaluating", "def late():\n    import duckdb"),
        ("core.evaluating", "from orchestration import project"),
        ("sources.shop", "from orchestration.warehouse.builds import Build"),
        ("sources.shop", "from orchestration.loader import loading"),
        ("loader.loading", "from orchestration.warehouse.lock import hold_build_lock"),
        ("loader.loading", "from orchestration.sources.sample import simulate"),
        ("warehouse.publish", "from orchestration.loader import loading"),
        ("warehouse.publish", "import dagster as dg"),
        ("warehouse.publish", "from orchestration.resources import Warehouse"),
        ("warehouse.builds", "from orchestration.ledger.seals import seals"),
        ("ledger.seals", "from orchestration.erasing.ledger import erase_from_ledger"),
        ("fits.evaluating", "from orchestration.readers.experiments import read_experiments"),
        ("readers.status", "from orchestration.resources import Warehouse"),
        ("dagster_home.instance", "from orchestration.jobs import JOBS"),
        ("cli.why", "from orchestration.fits import evaluating"),
        ("cli.why", "def late():\n    import duckdb"),
        ("files", "from orchestration.project import Home"),
        ("assets.models", "from orchestration.sources import sample"),
        ("assets.models", "import duckdb"),
        ("definitions", "import pandas as pd"),
        ("project", "from orchestration.core.errors import RekindleError"),
    ],
)
def test_an_import_from_a_closed_room_is_found(name, line):
    assert len(list(forbidden_imports(Module(name, line)))) == 1


def test_no_rooms_need_each_other(modules):
    assert circles(modules) == []


def test_rooms_that_need_each_other_are_found():
    planted = [
        Module("loader.loading", "from orchestration.warehouse import lock"),
        Module("warehouse.publish", "from orchestration.core import due"),
        Module("warehouse.lock", "def late():\n    from orchestration.loader import loading"),
        Module("core.due", "import math"),
    ]
    assert circles(planted) == ["loader", "warehouse"]
    assert circles([planted[0], *planted[1:2]]) == []


def test_core_reaches_for_no_file_and_no_clock(modules):
    assert [found for module in modules for found in worldly_calls(module)] == []


@pytest.mark.parametrize(
    "line", ["open('x')", "datetime.now()", "date.today()", "path.read_text()", "time.time()"]
)
def test_a_file_or_a_clock_in_core_is_found(line):
    assert len(list(worldly_calls(Module("core.evaluating", line)))) == 1


def test_assets_hold_no_long_sql(modules):
    assert [found for module in modules for found in long_statements(module)] == []


def test_long_sql_in_an_asset_is_found():
    planted = 'query = """select a\n' + "\n".join(f", a{number}" for number in range(10)) + '\nfrom b"""'
    assert len(list(long_statements(Module("assets.models", planted)))) == 1


def test_the_page_for_readers_shows_the_same_tables():
    page = (PROJECT_DIR / "docs" / "rooms.md").read_text(encoding="utf-8")
    assert tables_of(page) == [rooms.rows(SQL_ROOMS), rooms.rows(PYTHON_ROOMS)]


def test_a_changed_cell_of_the_page_is_noticed():
    page = "| Room | May read |\n|---|---|\n| `core` | `core` |\n"
    assert tables_of(page) == [[["`core`", "`core`"]]]
    assert tables_of(page.replace("| `core` |\n", "| everything |\n")) != tables_of(page)
