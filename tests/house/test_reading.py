"""The rules look at everything there is: a rule over an empty list would never fail."""

import pytest

from orchestration.project import DBT_PROJECT_DIR, PROJECT_DIR, SEEDS_DIR
from tests.house.reading import Module, without_comments
from tests.house.rooms import PYTHON_ROOMS, SQL_ROOMS, room_of


def test_every_model_file_is_looked_at_with_what_it_reads(models):
    assert {model.name for model in models} == {
        path.stem for path in (DBT_PROJECT_DIR / "models").rglob("*.sql")
    }
    assert [model.name for model in models if not (model.sql and model.reads and model.columns)] == []
    assert {model.room for model in models} == {room.name for room in SQL_ROOMS}


def test_what_a_macro_reads_counts_for_the_model_that_calls_it(models):
    [lifecycle] = [model for model in models if model.name == "member_lifecycle"]
    assert {"seeds/lifecycle/stage_thresholds", "marts.member_activity"} <= set(lifecycle.reads)
    [orders] = [model for model in models if model.name == "stg_chain__orders"]
    assert set(orders.reads) == {"source.chain", "source.rekindle"}


def test_every_seed_file_is_looked_at(seeds):
    assert {seed.name for seed in seeds} == {path.stem for path in SEEDS_DIR.rglob("*.csv")}


def test_every_test_is_looked_at_with_its_model(data_tests):
    singular = {path.stem for path in (DBT_PROJECT_DIR / "tests" / "singular").glob("*.sql")}
    assert {test.name for test in data_tests if test.kind is None} == singular
    assert [test.name for test in data_tests if test.kind and not test.attached_to] == []
    assert {test.severity for test in data_tests} == {"error", "warn"}


def test_every_module_and_every_sql_file_is_looked_at(modules, sql_files):
    assert len(modules) == len(list((PROJECT_DIR / "orchestration").rglob("*.py")))
    assert {room_of(module.name) for module in modules} == {room.name for room in PYTHON_ROOMS} | {"project"}
    assert {file.path.split("/")[0] for file in sql_files} == {"models", "macros", "tests"}


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("import duckdb", "duckdb"),
        ("import os.path as p", "os.path"),
        ("from orchestration import project", "orchestration.project"),
        ("def f():\n    from a.b import c", "a.b.c"),
        ("if TYPE_CHECKING:\n    from a import b", "a.b"),
    ],
)
def test_an_import_is_seen_wherever_it_stands(line, name):
    assert name in Module("core.x", line).imports


def test_comments_are_no_sql():
    text = "select a -- now()\nfrom b {# now()\nnow() #}where c -- d"
    assert without_comments(text) == "select a \nfrom b where c "
