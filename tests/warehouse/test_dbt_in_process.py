"""dbt in this process: one file at a time, nothing left open, failures told clearly."""

import errno
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from threading import Thread

import duckdb
import pytest
from dbt.cli.main import dbtRunner, dbtRunnerResult
from made_by_hand import AS_OF
from standin import with_orders

from orchestration.core.errors import RekindleError
from orchestration.ledger.opening import start_build
from orchestration.project import HOME_VARIABLE, WAREHOUSE_VARIABLE, Home
from orchestration.warehouse import connections, dbt
from orchestration.warehouse.builds import audit, waiting_build
from orchestration.warehouse.connections import connect_read_only
from orchestration.warehouse.dbt import BuildFailed, invoke_dbt, parsed_project, prepare
from orchestration.warehouse.prepared import manifest_file
from orchestration.warehouse.publish import publish
from orchestration.warehouse.versions import connect_published

pytestmark = pytest.mark.usefixtures("little_memory")


def build_with(home, project, number=1, **options):
    build = start_build(home, [AS_OF], run_id=f"{number:08x}", code_version="c0de")
    result = invoke_dbt(
        ["build"],
        home=home,
        warehouse=build.file,
        target_path=build.target_path,
        project_dir=project,
        **options,
    )
    return build, result


def test_a_build_goes_the_whole_way_to_its_readers(home, project):
    build, result = build_with(with_orders(home, 10), project)
    assert result.success
    assert audit(build) == {"marts.dim_bonus": 10, "marts.fct_order": 10, "serving.srv_order": 10}
    publish(home, build)
    with connect_published(home) as connection:
        comments = """
            select table_name, comment from duckdb_tables() where comment is not null
            union all select view_name, comment from duckdb_views() where comment is not null
            union all select column_name, comment from duckdb_columns() where comment is not null
        """
        assert set(connection.execute(comments).fetchall()) == {
            ("fct_order", "One row per order; it's small."),
            ("order_id", "The order."),
            ("srv_order", "One row per order, as BI sees it."),
            ("order_id", "The order's key."),
        }


def test_afterwards_another_process_may_write_the_file_and_nothing_of_it_is_open(home, project):
    build, _ = build_with(with_orders(home, 1), project)
    assert not build.file.with_name("rekindle.duckdb.wal").exists()
    write = "import duckdb, sys; duckdb.connect(sys.argv[1]).execute('create table other as select 1 as one')"
    subprocess.run([sys.executable, "-c", write, str(build.file)], check=True)
    open_files = [os.readlink(link) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]  # noqa: PTH115
    assert [name for name in open_files if name.startswith(str(home.root))] == []
    assert "PASS" in (build.folder / "dbt.log").read_text()


def test_a_second_build_in_the_process_reads_its_own_home_and_writes_its_own_file(home, project, tmp_path):
    other = Home(tmp_path / "other")
    builds = [
        build_with(with_orders(home, 3), project, 1)[0],
        build_with(with_orders(other, 5), project, 2)[0],
        build_with(home, project, 3)[0],
    ]
    assert [audit(build)["marts.fct_order"] for build in builds] == [3, 5, 3]


def test_a_repeated_build_does_not_parse_again(home, project, monkeypatch):
    build_with(with_orders(home, 1), project, 1)
    monkeypatch.setattr(dbt, "_parse", lambda *_, **__: pytest.fail("parsed again"))
    names = []
    build_with(home, project, 2, on_event=lambda event: names.append(event.info.name))
    assert "LogTestResult" in names
    assert not any("Pars" in name for name in names), set(names)


def test_events_reach_the_caller_and_nothing_is_printed(home, project, capfd):
    names = []
    build_with(with_orders(home, 1), project, on_event=lambda event: names.append(event.info.name))
    assert {"LogModelResult", "LogSeedResult", "LogTestResult", "EndOfRunSummary"} <= set(names)
    assert capfd.readouterr() == ("", "")


def test_the_environment_is_as_it_was_before(home, project, monkeypatch):
    monkeypatch.setenv(HOME_VARIABLE, "/former")
    monkeypatch.delenv(WAREHOUSE_VARIABLE, raising=False)
    build_with(with_orders(home, 1), project)
    assert os.environ[HOME_VARIABLE] == "/former"
    assert WAREHOUSE_VARIABLE not in os.environ


def test_an_engineers_own_dbt_builds_the_development_file(home, project):
    with_orders(home, 4)
    environment = {name: value for name, value in os.environ.items() if name != WAREHOUSE_VARIABLE}
    # The seeds lie elsewhere than in the real project, so without them.
    command = [
        *(sys.executable, "-c", "from dbt.cli.main import cli; cli()"),
        *("run", "--select", "stg_five", "--target-path", str(home.root / "target"), "--no-use-colors"),
    ]
    (project / "models" / "staging" / "stg_five.sql").write_text("select 5 as five")
    try:
        done = subprocess.run(
            command,
            cwd=project,
            env=environment | {HOME_VARIABLE: str(home.root), "DBT_LOG_PATH": str(home.root / "logs")},
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        (project / "models" / "staging" / "stg_five.sql").unlink()
    assert done.returncode == 0, done.stdout
    with duckdb.connect(str(home.development_warehouse), read_only=True) as connection:
        assert connection.execute("select five from staging.stg_five").fetchall() == [(5,)]


def test_failures_name_model_and_message_and_where_the_log_is(home, own_project):
    (own_project / "models" / "marts" / "broken.sql").write_text("select nothing_there")
    (own_project / "models" / "serving" / "after.sql").write_text("select * from {{ ref('broken') }}")
    with pytest.raises(BuildFailed) as raised:
        build_with(with_orders(home, 1), own_project)
    error = raised.value
    assert error.exit_code == 1
    assert [name for name, _ in error.failures] == ["model.standin.broken"]
    assert "nothing_there" in str(error)
    [build] = home.builds.glob("2*")
    assert f"{build}/dbt.log" in str(error)
    assert "nothing_there" in (build / "dbt.log").read_text()
    told = json.loads((build / "target" / "outcomes.json").read_text())
    assert {*told["outcomes"].values()} >= {"success", "error", "skipped"}


def test_a_failed_test_fails_the_build_and_its_audit(home, own_project):
    never_true = "{arguments: {values: [1]}}"
    (own_project / "models" / "never.yml").write_text(
        "models: [{name: dim_bonus, columns: [{name: rewarded, data_tests: "
        f"[{{accepted_values: {never_true}}}]}}]}}]"
    )
    with pytest.raises(BuildFailed, match=r"test\.standin\.accepted_values_dim_bonus") as raised:
        build_with(with_orders(home, 1), own_project)
    assert len(raised.value.failures) == 1
    with pytest.raises(RekindleError, match="accepted_values_dim_bonus"):
        audit(waiting_build(home))


def run_models(home, project, models):
    """Build models into the home's development file, as an engineer does again and again.

    Args:
        models: By name the kind of each, its SQL and the columns that its contract has.
    """
    home.development_warehouse.parent.mkdir(parents=True, exist_ok=True)
    for name, (kind, sql, columns) in models.items():
        (project / "models" / "marts" / f"{name}.sql").write_text(
            f"{{{{ config(materialized='{kind}') }}}} {sql}"
        )
        (project / "models" / "marts" / f"{name}.yml").write_text(
            f"models: [{{name: {name}, description: Changes., config: {{contract: {{enforced: true}}}}, "
            f"columns: [{columns}]}}]"
        )
    invoke_dbt(
        ["run", "--select", *models],
        home=home,
        warehouse=home.development_warehouse,
        target_path=home.development_warehouse.parent / "target",
        manifest=parsed_project(project).deepcopy(),
        project_dir=project,
    )


def built(home, question):
    with duckdb.connect(str(home.development_warehouse), read_only=True) as connection:
        return connection.execute(question).fetchall()


ONE = "{name: one, data_type: integer, description: One.}"


def test_a_table_becomes_a_view_of_the_same_name_and_a_table_again(home, own_project):
    kinds = "select table_type from information_schema.tables where table_name = 'changing'"
    for kind, found in [("table", "BASE TABLE"), ("view", "VIEW"), ("view", "VIEW"), ("table", "BASE TABLE")]:
        run_models(home, own_project, {"changing": (kind, "select 1 as one", ONE)})
        assert built(home, kinds) == [(found,)]


BROKEN_CONTRACTS = {
    "typed": ("select 1::bigint as one", "one is declared as INTEGER and came out as BIGINT"),
    "wide": ("select 1 as one, 2 as two", "two is declared as nothing and came out as INTEGER"),
    "named": (
        "select 1 as two",
        'one is declared as INTEGER and came out as nothing|Column "one" .* not found',
    ),
}


def test_a_model_that_breaks_its_contract_fails_and_what_was_there_stays(home, own_project):
    broken = {
        f"{name}_{kind}": (kind, *fault)
        for name, fault in BROKEN_CONTRACTS.items()
        for kind in ("table", "view")
    }
    run_models(home, own_project, dict.fromkeys(broken, ("view", "select 7 as one", ONE)))
    with pytest.raises(BuildFailed) as raised:
        run_models(home, own_project, {name: (kind, sql, ONE) for name, (kind, sql, _) in broken.items()})
    failures = {unique_id.removeprefix("model.standin."): told for unique_id, told in raised.value.failures}
    assert failures.keys() == broken.keys()
    for name, (_, _, wrong) in broken.items():
        assert re.search(wrong, failures[name]), name
        assert built(home, f"select * from marts.{name}") == [(7,)]


def test_columns_of_a_table_come_in_the_order_they_are_declared(home, own_project):
    columns = ONE + ", " + ONE.replace("one", "two")
    run_models(home, own_project, {"changing": ("table", "select 2 as two, 1 as one", columns)})
    assert built(home, "select * from marts.changing") == [(1, 2)]


@pytest.mark.parametrize("severity", ["error", "warn"])
def test_of_a_failed_test_each_broken_rule_is_told_with_its_rows(home, own_project, severity):
    (own_project / "models" / "rules.yml").write_text(f"""
models:
  - name: dim_bonus
    data_tests:
      - rules:
          name: dim_bonus__rules
          config: {{severity: {severity}}}
          arguments:
            key: [rewarded]
            references: [{{column: rewarded, to: ref('fct_order'), field: order_id}}]
            conditions: {{is_small: rewarded < 9, is_positive: rewarded > 0}}
""")
    broken, seen = {}, []

    def on_event(event):
        if event.info.name == "LogTestResult":
            seen.append((event.data.name, dict(broken)))

    def build():
        return build_with(with_orders(home, 3), own_project, broken=broken, on_event=on_event)

    if severity == "error":
        with pytest.raises(BuildFailed) as raised:
            build()
        assert raised.value.failures == [
            (next(iter(broken)), "is_small: 1 row, rewarded in fct_order: 3 rows"),
        ]
    else:
        build()
    [rules] = broken.values()
    assert rules == {"is_small": 1, "rewarded in fct_order": 3}
    assert [known for name, known in seen if name == "dim_bonus__rules"] == [broken]


@pytest.mark.timeout(120)
def test_what_hears_dbt_may_fail_and_nobody_waits_for_it_for_ever(home, project):
    def full(event):
        if event.info.name == "LogStartLine":  # comes from a thread of dbt's
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        build_with(with_orders(home, 3), project, on_event=full)


def test_of_a_seed_the_file_the_lines_and_what_is_allowed_are_told(home, own_project):
    (own_project.parent / "seeds" / "bonus.csv").write_text("bonus\n7\n3\n08\n")
    (own_project / "models" / "bonus.yml").write_text("""
seeds:
  - name: bonus
    config: {column_types: {bonus: integer}}
    data_tests:
      - rules:
          name: bonus__rules
          arguments: {key: [bonus], conditions: {is_small: bonus < 5, is_filled: bonus is not null}}
""")
    with pytest.raises(BuildFailed) as raised:
        build_with(with_orders(home, 3), own_project)
    assert "is_small in bonus.csv:2, 4 (allowed: bonus < 5): 2 rows" in str(raised.value)
    assert "is_filled" not in str(raised.value)


def test_of_many_failures_the_first_ten_are_shown(home, own_project):
    for number in range(12):
        (own_project / "models" / "marts" / f"broken_{number:02}.sql").write_text("select nothing_there")
    with pytest.raises(BuildFailed, match=r"\.\.\. and 2 more") as raised:
        build_with(with_orders(home, 1), own_project)
    assert len(raised.value.failures) == 12
    assert str(raised.value).count("nothing_there") == 10


def test_a_project_that_cannot_be_parsed_fails_clearly_and_the_former_manifest_stays(own_project):
    former = prepare(own_project).read_bytes()
    (own_project / "models" / "marts" / "broken.sql").write_text("select * from {{ ref('nowhere') }}")
    with pytest.raises(BuildFailed, match="depends on a node named 'nowhere'"):
        prepare(own_project)
    assert manifest_file(own_project).read_bytes() == former


def test_the_project_is_parsed_again_when_a_file_came_changed_or_left(own_project):
    seeds = own_project.parent / "seeds"

    def models():
        return {node.name for node in parsed_project(own_project).nodes.values()}

    before = models()
    model = own_project / "models" / "marts" / "dim_new.sql"
    model.write_text("select 1 as one")
    assert models() == before | {"dim_new"}
    model.write_text("select 2 as two")
    assert any(node.raw_code == "select 2 as two" for node in parsed_project(own_project).nodes.values())
    model.unlink()
    assert models() == before
    (seeds / "added.csv").write_text("one\n1\n")
    assert models() == before | {"added"}


def test_an_interruption_is_passed_on_and_not_taken_for_a_failed_build(home, project, monkeypatch):
    interrupted = dbtRunnerResult(success=False, exception=KeyboardInterrupt())
    parsed_project(project)
    monkeypatch.setattr(dbtRunner, "invoke", lambda *_: interrupted)
    with pytest.raises(KeyboardInterrupt):
        build_with(home, project)


HOSTILE = {
    "reads": "select * from read_text('/etc/hostname')",
    "writes": '{{ config(pre_hook="copy (select 1) to \'" ~ target.path ~ ".stolen\'") }} select 1 as one',
    "installs": '{{ config(pre_hook="install httpfs") }} select 1 as one',
    "sets": "{{ config(pre_hook=\"set memory_limit = '100GB'\") }} select 1 as one",
    "exports": "{{ config(materialized='external', location=target.path ~ '.parquet') }} select 1 as one",
}


def test_a_model_that_reaches_outside_fails(home, own_project):
    for name, sql in HOSTILE.items():
        (own_project / "models" / "marts" / f"{name}.sql").write_text(sql)
    build = start_build(with_orders(home, 1), [AS_OF], run_id="00000001", code_version="c0de")
    with pytest.raises(BuildFailed) as raised:
        invoke_dbt(
            ["run", "--select", *HOSTILE],
            home=home,
            warehouse=build.file,
            target_path=build.target_path,
            project_dir=own_project,
        )
    failures = dict(raised.value.failures)
    assert failures.keys() == {f"model.standin.{name}" for name in HOSTILE}
    for name, told in failures.items():
        assert re.search("disabled by configuration|configuration has been locked", told), name
    assert [path.name for path in home.builds.rglob("*stolen*")] == []


@pytest.mark.slow
def test_processes_that_parse_at_once_leave_a_whole_manifest(own_project):
    parse = (
        "import sys; from pathlib import Path; from orchestration.warehouse.dbt import _parse; "
        "_parse(Path(sys.argv[1]), anew=True)"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", parse, str(own_project)], stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    told = [process.communicate(timeout=300)[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], told
    manifest = json.loads(prepare(own_project).read_text())
    assert "model.standin.fct_order" in manifest["nodes"]


def test_a_parse_waits_for_the_one_under_way(own_project):
    lock_file = own_project / "target" / "prepared" / "parse.lock"
    lock_file.parent.mkdir(parents=True, exist_ok=True)
    with dbt._alone(lock_file):
        waiting = Thread(target=dbt._parse, args=(own_project,))
        waiting.start()
        waiting.join(timeout=1)
        assert waiting.is_alive()
    waiting.join(timeout=120)
    assert not waiting.is_alive()


DECLARED = (
    "seeds: [{name: bonus, config: {column_types: {bonus: TYPE}}, "
    "columns: [{name: bonus, data_tests: [TEST]}]}]"
)


def declare_bonus(project, kind="'decimal(4,1)'", test="not_null"):
    declared = DECLARED.replace("TYPE", kind).replace("TEST", test)
    (project / "models" / "seeds.yml").write_text(declared)


def build_keeping_seeds(home, project, number=1):
    """A build, and the names of the nodes that dbt ran for it."""
    ran = []

    def on_event(event):
        if event.info.name in {"LogSeedResult", "LogModelResult", "LogTestResult"}:
            ran.append(event.data.node_info.node_name)

    if not home.loaded.exists():
        with_orders(home, 3)
    build, _ = build_with(home, project, number, keeping_seeds=True, on_event=on_event)
    return build, ran


def bonus_of(build):
    with connect_read_only(build.file) as connection:
        return [
            connection.execute(question).fetchall()
            for question in (
                "from main.bonus",
                "describe main.bonus",
                "from duckdb_constraints()",
            )
        ]


def test_seeds_that_did_not_change_are_copied_and_are_as_if_dbt_had_loaded_them(home, own_project):
    declare_bonus(own_project)
    loaded, ran = build_keeping_seeds(home, own_project, 1)
    assert {"bonus", "not_null_bonus_bonus", "fct_order__rules"} <= set(ran)
    copied, ran = build_keeping_seeds(home, own_project, 2)
    assert not {"bonus", "not_null_bonus_bonus"} & set(ran)
    assert {"dim_bonus", "fct_order__rules"} <= set(ran)
    by_hand, _ = build_with(home, own_project, 3)
    assert bonus_of(loaded) == bonus_of(copied) == bonus_of(by_hand)
    assert "DECIMAL(4,1)" in str(bonus_of(copied))
    assert audit(loaded) == audit(copied) == audit(by_hand)


@pytest.fixture(scope="module")
def kept_once(standin, tmp_path_factory):
    """A project whose seed is declared, loaded and kept."""
    root = tmp_path_factory.mktemp("kept_once")
    project = shutil.copytree(standin.parent, root / "own") / "dbt_project"
    declare_bonus(project)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(connections, "SEEDS_DIR", project.parent / "seeds")
        build_keeping_seeds(Home(root / "home"), project)
    return project


@pytest.fixture
def kept_project(kept_once, copied_project):
    return copied_project(kept_once)


@pytest.mark.parametrize("changed", ["content", "type", "test", "macro", "declared anew"])
def test_a_seed_that_changed_is_loaded_and_tested_anew(home, kept_project, changed):
    if changed == "content":
        (kept_project.parent / "seeds" / "bonus.csv").write_text("bonus\n8\n")
    elif changed == "type":
        declare_bonus(kept_project, kind="integer")
    elif changed == "test":
        declare_bonus(kept_project, test="unique")
    elif changed == "macro":
        (kept_project / "macros" / "other.sql").write_text("{% macro other() %}1{% endmacro %}")
    else:
        declare_bonus(kept_project)
    build, ran = build_keeping_seeds(home, kept_project, 2)
    assert ("bonus" in ran) == (changed != "declared anew")
    if changed == "content":
        assert bonus_of(build)[0] == [(8,)]
    if changed == "type":
        assert "INTEGER" in str(bonus_of(build)[1])
    audit(build)


@pytest.mark.parametrize("damage", ["cut", "other bytes", "gone", "note cut"])
def test_kept_seeds_that_are_damaged_are_not_used(home, kept_project, damage):
    kept = kept_project / "target" / "seeds" / "seeds.duckdb"
    content = kept.read_bytes()
    if damage == "cut":
        kept.write_bytes(content[:-1])
    elif damage == "other bytes":
        kept.write_bytes(content[:-9] + b"x" + content[-8:])
    elif damage == "gone":
        kept.unlink()
    else:
        note = kept.with_name("kept.json")
        note.write_text(note.read_text()[:-9])
    build, ran = build_keeping_seeds(home, kept_project, 2)
    assert "bonus" in ran
    audit(build)


@pytest.mark.parametrize("fault", ["a test of a seed fails", "it only warns", "a model fails"])
def test_seeds_of_a_build_that_found_fault_are_not_kept(home, own_project, fault):
    never = "{accepted_values: {arguments: {values: [1]}, config: {severity: SEVERITY}}}"
    if fault == "a model fails":
        (own_project / "models" / "marts" / "broken.sql").write_text("select nothing_there")
    else:
        declare_bonus(
            own_project, test=never.replace("SEVERITY", "warn" if fault == "it only warns" else "error")
        )
    if fault == "it only warns":
        build_keeping_seeds(home, own_project)
    else:
        with pytest.raises(BuildFailed):
            build_keeping_seeds(home, own_project)
    assert not (own_project / "target" / "seeds").exists()


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (lambda outcomes, test: outcomes.pop("seed.standin.bonus"), r"never ran: seed\.standin\.bonus"),
        (lambda outcomes, test: outcomes.update({test: "fail"}), r"not_null_bonus_bonus.*: fail"),
    ],
    ids=["a seed", "a test"],
)
def test_a_kept_seed_that_never_passed_fails_the_audit(home, kept_project, fault, told):
    note = kept_project / "target" / "seeds" / "kept.json"
    noted = json.loads(note.read_text())
    fault(noted["outcomes"], next(each for each in noted["outcomes"] if each.startswith("test.")))
    note.write_text(json.dumps(noted))
    build, _ = build_keeping_seeds(home, kept_project, 2)
    with pytest.raises(RekindleError, match=told):
        audit(build)


def test_a_build_tried_again_begins_its_file_anew(home, kept_project):
    with_orders(home, 3)
    build = start_build(home, [AS_OF], run_id="00000002", code_version="c0de")
    names = []
    for _ in range(2):
        names.clear()
        invoke_dbt(
            ["build"], home=home, warehouse=build.file, target_path=build.target_path,
            project_dir=kept_project, keeping_seeds=True,
            on_event=lambda event: names.append(event.info.name),
        )  # fmt: skip
    assert "LogSeedResult" not in names
    audit(build)
