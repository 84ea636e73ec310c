"""What dbt compiled is executed for as long as nothing changed, to the same end as if dbt had run it."""

import json
import re
import shutil
from pathlib import Path

import duckdb
import pytest
import yaml
from made_by_hand import AS_OF
from standin import with_orders, written

import orchestration.warehouse.kept_sql
from orchestration.core.errors import RekindleError
from orchestration.ledger.opening import start_build
from orchestration.project import DBT_PROJECT_DIR, Home
from orchestration.warehouse import connections, dbt
from orchestration.warehouse.building import build_part
from orchestration.warehouse.builds import BuildFailed, audit, public_docs, warnings_of
from orchestration.warehouse.connections import build_settings, connect_read_only
from orchestration.warehouse.kept_sql import THREADS, kept_sql

pytestmark = pytest.mark.usefixtures("little_memory")

DRAWN = """
models:
  - name: dim_bonus
    config: {contract: {enforced: true}}
    columns: [{name: rewarded, data_type: bigint}]
    data_tests: [{rules: {name: dim_bonus__rules, arguments: {conditions: {is_little: rewarded < 16}}}}]
  - name: srv_bonus
    data_tests: [{rules: {name: srv_bonus__rules, config: {severity: warn},
                          arguments: {conditions: {is_less: rewarded < 14}}}}]
"""


@pytest.fixture
def calls(monkeypatch):
    """What dbt was invoked for."""
    seen = []
    invoke = dbt.invoke_dbt

    def counted(arguments, **options):
        seen.append(arguments[0])
        return invoke(arguments, **options)

    monkeypatch.setattr(dbt, "invoke_dbt", counted)
    return seen


@pytest.fixture(scope="module")
def built_once(tmp_path_factory):
    """A project that was built, over orders that break nothing, and so is kept."""
    root = tmp_path_factory.mktemp("built_once")
    project = written(root / "own" / "dbt_project")
    (project / "models" / "marts" / "drawn.yml").write_text(DRAWN)
    (project / "models" / "serving" / "srv_bonus.sql").write_text(
        "select rewarded from {{ ref('dim_bonus') }}"
    )
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(connections, "SEEDS_DIR", project.parent / "seeds")
        made(with_orders(Home(root / "home"), 3), project, 1)
    return project


@pytest.fixture
def kept_project(built_once, copied_project):
    return copied_project(built_once)


def made(home, project, number):
    """A build, and by the end of its name what became of each model and test."""
    build = start_build(home, [AS_OF], run_id=f"{number:08x}", code_version="c0de")
    outcomes = {}

    def ended(outcome):
        outcomes[outcome.unique_id.split(".")[2]] = (outcome.status, dict(outcome.broken))

    try:
        build_part(
            home,
            build,
            "build",
            (),
            build.target_path,
            with_seeds=True,
            begun=lambda *_: None,
            ended=ended,
            project_dir=project,
        )
    except BuildFailed as error:
        return build, outcomes, error
    return build, outcomes, None


def content(build):
    with connect_read_only(build.file) as connection:
        connection.execute("set variable loaded = 'nowhere'")
        relations = connection.execute(
            "select table_schema, table_name from information_schema.tables "
            "where table_catalog = 'rekindle' order by all"
        ).fetchall()
        tables = [f"{room}.{name}" for room, name in relations if room != "staging"]
        return relations, {
            table: (
                connection.execute(f"describe {table}").fetchall(),
                connection.execute(f"from {table} order by all").fetchall(),
            )
            for table in tables
        }


def without_skipped(told):
    """Of what was skipped dbt says nothing by itself."""
    return {name: said for name, said in told.items() if said[0] != "skipped"}


def touch(project):
    """A change that says nothing, but is one."""
    model = project / "models" / "marts" / "dim_bonus.sql"
    model.write_text(model.read_text() + "\n")


def test_a_second_build_needs_no_dbt_and_makes_the_same(home, kept_project, calls):
    with_orders(home, 8)
    kept, told, _ = made(home, kept_project, 1)
    assert calls == []
    touch(kept_project)
    by_dbt, told_by_dbt, _ = made(home, kept_project, 2)
    assert calls == ["build"]
    assert told == told_by_dbt
    assert content(kept) == content(by_dbt)
    assert audit(kept) == audit(by_dbt)
    assert public_docs(kept) == public_docs(by_dbt)


@pytest.mark.parametrize("orders", [8, 9, 10])
def test_a_broken_rule_is_told_as_by_dbt(home, kept_project, calls, orders):
    """7 are added to orders from 0 on: the eighth breaks the rule that warns, the tenth that which fails."""
    with_orders(home, orders)
    kept, told, failed = made(home, kept_project, 1)
    assert calls == []
    touch(kept_project)
    by_dbt, told_by_dbt, failed_by_dbt = made(home, kept_project, 2)
    assert calls == ["build"]
    assert without_skipped(told) == told_by_dbt
    if orders < 10:
        assert failed is failed_by_dbt is None
        assert told["srv_bonus__rules"] == ("warn", {"is_less": orders - 7})
        counted = f"is_less: {orders - 7} row{'s' if orders > 8 else ''}"
        assert warnings_of(kept) == warnings_of(by_dbt) == {"srv_bonus__rules": counted}
        assert audit(kept) == audit(by_dbt)
        return
    assert failed.failures == failed_by_dbt.failures
    assert told["dim_bonus__rules"] == ("fail", {"is_little": 1})
    assert told["srv_bonus"] == ("skipped", {})
    assert len(list((kept.folder / "target").glob("test.standin.dim_bonus__rules.*.sql"))) == 1
    assert "is_little: 1 row" in (kept.folder / "build.log").read_text()
    for build in (kept, by_dbt):
        with pytest.raises(RekindleError, match="dim_bonus__rules"):
            audit(build)


def test_an_error_names_model_and_reason_and_nothing_of_it_can_be_published(home, kept_project, calls):
    with_orders(home, 3)
    next(home.loaded.rglob("*.parquet")).write_bytes(b"cut short")
    build, told, failed = made(home, kept_project, 1)
    assert calls == []
    assert told["stg_orders"][0] == "error"
    assert {told["dim_bonus"][0], told["srv_order"][0]} == {"skipped"}
    assert "stg_orders" in str(failed)
    assert "empty.parquet" in str(failed)
    with pytest.raises(RekindleError, match="stg_orders"):
        audit(build)


@pytest.mark.parametrize(
    "name",
    [
        "models/marts/fct_order.sql",
        "models/all.yml",
        "macros/generate_schema_name.sql",
        "tests/generic/rules.sql",
        "dbt_project.yml",
    ],
)
def test_whatever_file_changed_its_sql_is_not_used(kept_project, name):
    assert kept_sql("build", kept_project)
    file = kept_project / name
    file.write_text(file.read_text() + "\n")
    assert kept_sql("build", kept_project) is None


def test_sql_that_another_version_of_this_room_kept_is_not_used(kept_project, tmp_path, monkeypatch):
    own = Path(orchestration.warehouse.kept_sql.__file__)
    other = shutil.copytree(own.parent, tmp_path / "warehouse") / own.name
    monkeypatch.setattr(orchestration.warehouse.kept_sql, "__file__", str(other))
    assert kept_sql("build", kept_project)
    other.write_text(other.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert kept_sql("build", kept_project) is None


def test_a_kept_build_is_opened_as_dbt_opens_it(monkeypatch):
    monkeypatch.delenv("REKINDLE_MEMORY")
    [profile] = yaml.safe_load((DBT_PROJECT_DIR / "profiles.yml").read_text())["rekindle"]["outputs"].values()
    told = profile["config_options"]
    limit = re.fullmatch(r"\{\{ env_var\('REKINDLE_MEMORY', '(\w+)'\) \}\}", told["memory_limit"])
    assert build_settings() == told | {"memory_limit": limit[1]}
    assert profile["threads"] == THREADS


def test_a_seed_that_changed_is_in_the_next_build(home, kept_project, calls):
    (kept_project.parent / "seeds" / "bonus.csv").write_text("bonus\n6\n")
    build, _, _ = made(with_orders(home, 1), kept_project, 1)
    assert calls == ["build"]
    with duckdb.connect(str(build.file), read_only=True) as connection:
        assert connection.execute("from marts.dim_bonus").fetchall() == [(6,)]


@pytest.mark.parametrize("damaged", ["target/sql/build.json", "target/seeds/seeds.duckdb"])
def test_what_is_kept_and_damaged_is_not_used(home, kept_project, calls, damaged):
    (kept_project / damaged).write_bytes(b"{")
    build, _, _ = made(with_orders(home, 3), kept_project, 1)
    assert calls == ["build"]
    assert audit(build)["marts.dim_bonus"] == 3


@pytest.mark.parametrize("kept", ["sql", "seeds"])
def test_what_cannot_be_kept_fails_no_build_and_is_logged(home, kept_project, kept):
    touch(kept_project)
    (kept_project.parent / "seeds" / "bonus.csv").write_text("bonus\n6\n")
    shutil.rmtree(kept_project / "target" / kept)
    (kept_project / "target" / kept).write_text("in the way")
    build, _, failed = made(with_orders(home, 3), kept_project, 1)
    assert failed is None
    assert audit(build)["marts.dim_bonus"] == 3
    assert "Not kept for the next build" in (build.folder / "dbt.log").read_text()


def test_sql_that_did_not_succeed_as_a_whole_is_not_kept(home, kept_project):
    touch(kept_project)
    made(with_orders(home, 10), kept_project, 1)
    assert kept_sql("build", kept_project) is None


def test_executed_sql_is_as_confined_as_dbts(home, kept_project):
    file = kept_project / "target" / "sql" / "build.json"
    kept = json.loads(file.read_text())
    for node in kept["nodes"]:
        if node["name"] == "fct_order":
            node["sql"] = "create table marts.fct_order as from read_text('/etc/hostname')"
    file.write_text(json.dumps(kept))
    _, _, failed = made(with_orders(home, 3), kept_project, 1)
    assert "disabled by configuration" in str(failed)


def test_tables_that_readers_do_not_get_lie_beside_whoever_makes_them(home, kept_project, calls):
    model = kept_project / "models" / "intermediate" / "int_bonus.sql"
    model.parent.mkdir()
    model.write_text(
        "{{ config(materialized='table', schema='intermediate') }}\n"
        "select rewarded from {{ ref('dim_bonus') }}"
    )
    with_orders(home, 8)
    for number in (1, 2):
        build, _, _ = made(home, kept_project, number)
        # The oldest storage format, as of a published file (test_publish.py).
        assert int.from_bytes(build.file.read_bytes()[12:20], "little") == 64
        with connect_read_only(build.file) as connection:
            kinds = dict(
                connection.execute(
                    "select table_name, table_catalog || ' ' || table_type from information_schema.tables "
                    "where table_name in ('dim_bonus', 'int_bonus') and table_schema <> 'main'"
                ).fetchall()
            )
            assert kinds == {"dim_bonus": "rekindle BASE TABLE", "int_bonus": "rekindle VIEW"}
            assert len(connection.execute("from intermediate.int_bonus").fetchall()) == 8
            assert len(connection.execute("from working.main.int_bonus").fetchall()) == 8
    assert len(calls) == 1
