"""After a whole run and an export, contact details stand in landing, vault and exports and nowhere else.

Every file of the home is scanned: bytes as they lie, and cell by cell where a format compresses them.
"""

import os
import subprocess
from pathlib import Path

import duckdb
import pyarrow.dataset as ds
import pytest

from orchestration.exports.writing import export
from orchestration.ledger.seals import proposals, seal, seals
from orchestration.loader.contracts import read_contracts
from orchestration.project import PROJECT_DIR, STAGING_DIR, Home
from orchestration.sources.sample import Lives, simulate
from orchestration.warehouse.erasures import read_registry, record_key
from orchestration.warehouse.versions import current_version
from tests.commands import Command

MAY_HOLD_CONTACTS = ("landing", "vault", "exports")
SHORTEST_SEARCHED_IN_BYTES = 8


def rekindle(home, *arguments):
    """The command line of this very folder, whichever is installed; its exit code and all that it said."""
    command = Command(PROJECT_DIR, ["--home", str(home.root), *arguments], os.environ)
    said = command.communicate(timeout=500)
    return command.returncode, "".join(said)


@pytest.fixture(scope="module")
def run_home(tmp_path_factory) -> Home:
    """A home after `rekindle run` and an export: built, published, sealed, with Dagster's event store."""
    home = Home(tmp_path_factory.mktemp("private") / "home")
    simulate(home.landing, home.root / "truth", Lives(120, seed=11))
    code, said = rekindle(home, "run", "--weeks", "2")
    (home.root / "printed.txt").write_text(said, encoding="utf-8")
    assert code == 0, said
    assert home.published_file.exists()
    for proposal in proposals(home.published_file.resolve()):
        if not any(each.campaign == proposal.campaign for each in seals(home)):
            seal(home, proposal, build_id=current_version(home), code_version="tested")
    assert any(file.manifest["rows"] for file in export(home))
    return home


@pytest.fixture(scope="module")
def contacts(run_home) -> set[str]:
    """Every contact value the sample delivered."""
    members = next(table for table in read_contracts(STAGING_DIR)["chain"].tables if table.name == "members")
    columns = [column.name for column in members.columns if column.contact]
    delivered = ds.dataset(
        [str(file) for file in run_home.landing.glob("chain/members/*/*.parquet")], format="parquet"
    ).to_table(columns)
    values = {value for column in columns for value in delivered[column].to_pylist() if value}
    assert len(values) > 300
    return values


def _cells(file: Path) -> set[str]:
    """All text of a Parquet or DuckDB file."""
    if file.suffix == ".parquet":
        table = ds.dataset(str(file), format="parquet").to_table()
        return {
            str(value)
            for column in table.columns
            for value in column.unique().to_pylist()
            if value is not None
        }
    with duckdb.connect(str(file), read_only=True) as connection:
        columns = connection.execute(
            "select table_schema, table_name, column_name from information_schema.columns"
            " where data_type = 'VARCHAR'"
        ).fetchall()
        return {
            value
            for schema, table, column in columns
            for (value,) in connection.execute(
                f'select distinct "{column}" from "{schema}"."{table}"'
            ).fetchall()
            if value is not None
        }


def _leaks(home: Home, contacts: set[str], under: str = ".") -> dict[str, str]:
    """Files that hold a contact detail, in the whole home or one folder of it."""
    searched = [value.encode() for value in contacts if len(value.encode()) >= SHORTEST_SEARCHED_IN_BYTES]
    holding = _files_with(searched, home.root / under)
    leaks = {}
    for file in sorted((home.root / under).rglob("*")):
        inside = file.relative_to(home.root)
        if not file.is_file() or inside.parts[0] in MAY_HOLD_CONTACTS:
            continue
        if file.suffix in {".parquet", ".duckdb"} and contacts & _cells(file):
            leaks[str(inside)] = "a cell"
        if file in holding:
            leaks[str(inside)] = "its bytes"
    return leaks


def _files_with(values: list[bytes], folder: Path) -> set[Path]:
    """Files with any of the values in their bytes; grep reads each file once for all of them."""
    found = subprocess.run(
        ["grep", "--recursive", "--files-with-matches", "--text", "--fixed-strings", "--file=-", folder],
        input=b"\n".join(values),
        env={**os.environ, "LC_ALL": "C"},
        capture_output=True,
        check=False,
    )
    assert found.returncode in (0, 1), found.stderr
    return {Path(os.fsdecode(line)) for line in found.stdout.splitlines()}


def test_no_file_outside_landing_vault_and_exports_holds_a_contact_detail(run_home, contacts):
    assert _leaks(run_home, contacts) == {}


@pytest.mark.parametrize(
    "where",
    [
        "loaded/leak.parquet",
        "dagster/leak.log",
        pytest.param("serving/leak.duckdb", marks=pytest.mark.slow),
    ],
)
def test_the_scan_finds_a_planted_detail_in_every_kind_of_file(run_home, contacts, where):
    planted = run_home.root / where
    value = max(contacts, key=len)
    if planted.suffix == ".log":
        planted.write_text(f"member {value} was here", encoding="utf-8")
    else:
        with duckdb.connect(str(planted) if planted.suffix == ".duckdb" else ":memory:") as connection:
            connection.execute(
                "create table leak as select cast(? as varchar) as note from range(1000)", [value]
            )
            if planted.suffix == ".parquet":
                connection.execute(f"copy leak to '{planted}'")
    try:
        assert list(_leaks(run_home, contacts, under=planted.parent.name)) == [where]
    finally:
        planted.unlink()


@pytest.mark.slow
def test_after_the_run_that_erases_a_person_no_file_holds_anything_of_them(run_home):
    gone = _somebody_exported(run_home)
    assert _holding(run_home, gone)
    system, member_id = gone["records"][0]
    for command in (["erase", "--system", system, "--member", member_id], ["run", "--weeks", "2"]):
        code, said = rekindle(run_home, *command)
        assert code == 0, said
    assert _holding(run_home, gone) == {}
    assert read_registry(run_home).done[0]["records"] == len(gone["records"])


def _somebody_exported(home: Home) -> dict:
    """Records, keys, touches and contact details of a member who stands in an export."""
    exported = ds.dataset(
        [str(file) for file in home.exports.rglob("*.parquet")], format="parquet"
    ).to_table()
    touch = exported["planned_touch_id"][0].as_py()
    [key] = {
        row["member_key"]
        for file in home.ledger.rglob("touches.parquet")
        for row in ds.dataset(str(file), format="parquet").to_table().to_pylist()
        if row["planned_touch_id"] == touch
    }
    with duckdb.connect(str(home.published_file.resolve()), read_only=True) as published:
        keys = {
            record
            for (record,) in published.execute(
                "select record_key from core.fct_member_record where member_key = ?", [key]
            ).fetchall()
        }
    rows = [
        row
        for file in (home.vault / "contacts" / "chain" / "members").glob("*.parquet")
        for row in ds.dataset(str(file), format="parquet").to_table().to_pylist()
        if record_key("chain", row["system"], row["member_id"]) in keys
    ]
    return {
        "records": [(row["system"], row["member_id"]) for row in rows],
        # Names are those of others too.
        "texts": {row[name] for row in rows for name in ("member_id", "email", "union_id") if row[name]}
        | {touch},
        "keys": keys,
    }


def _holding(home: Home, gone: dict) -> dict[str, str]:
    """Files that hold a member number, a contact detail, a touch or a key of the person."""
    found = {}
    for file in sorted(home.root.rglob("*")):
        if not file.is_file() or file.is_symlink():
            continue
        content = file.read_bytes()
        is_table = file.suffix in {".parquet", ".duckdb"}
        cells = _cells(file) | _keys(file) if is_table else set()
        if gone["texts"] & cells or gone["keys"] & cells:
            found[str(file.relative_to(home.root))] = "a cell"
        if any(text.encode() in content for text in gone["texts"]):
            found[str(file.relative_to(home.root))] = "its bytes"
    return found


def _keys(file: Path) -> set[int]:
    """All member and record keys of a file."""
    names = ("member_key", "record_key")
    if file.suffix == ".parquet":
        table = ds.dataset(str(file), format="parquet").to_table()
        return {key for name in names if name in table.column_names for key in table[name].to_pylist()}
    with duckdb.connect(str(file), read_only=True) as connection:
        columns = connection.execute(
            "select table_schema, table_name, column_name from information_schema.columns "
            "where list_contains(?, column_name)",
            [list(names)],
        ).fetchall()
        return {
            key
            for schema, table, column in columns
            for (key,) in connection.execute(
                f'select distinct "{column}" from "{schema}"."{table}"'
            ).fetchall()
        }


def test_vault_and_secret_are_the_owners_alone(run_home):
    assert run_home.vault.stat().st_mode & 0o777 == 0o700
    assert run_home.secret_file.stat().st_mode & 0o777 == 0o600
    assert {file.stat().st_mode & 0o777 for file in run_home.vault.rglob("*.parquet")} == {0o600}
