"""What an export needs is lost or damaged: a sentence and what to do, no file that counts for ever."""

import json
import shutil

import duckdb
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.core.errors import RekindleError
from orchestration.exports.handing_over import left_behind
from orchestration.exports.writing import export
from tests.exports.conftest import CAMPAIGN, WEEK
from tests.exports.test_export import WHOLE, cells, only
from tests.exports.test_opt_outs import made_once  # noqa: F401
from tests.exports.test_opt_outs import shop as loaded  # noqa: F401
from tests.killing import dies_before


def contacts(shop):
    [file] = (shop.home.vault / "contacts" / "chain" / "members").iterdir()
    return file


def lose(file):
    file.unlink()


def lose_all(file):
    shutil.rmtree(file.parents[2])


def cut(file):
    file.write_bytes(file.read_bytes()[:-20])


def lose_one(file):
    pq.write_table(pq.read_table(file).slice(1), file)


def empty(file):
    pq.write_table(pq.read_table(file).slice(0, 0), file)


@pytest.mark.parametrize("damage", [lose, lose_all, cut, lose_one, empty])
def test_without_every_contact_that_was_loaded_no_file_is_written_for_ever(loaded, damage):  # noqa: F811
    damage(contacts(loaded))
    with pytest.raises(RekindleError, match=r"chain/members/delivered=2025-12-28: .*, loaded 9") as refused:
        export(loaded.home)
    assert not loaded.home.exports.exists()
    assert "remove each of these deliveries from loaded, then `rekindle load`" in str(refused.value)
    shutil.rmtree(loaded.home.loaded / "chain" / "members" / "chain" / "delivered=2025-12-28")
    loaded.load()
    assert only(export(loaded.home)).manifest["rows"] == 3


def test_a_home_in_which_nothing_has_contacts_is_told_and_gets_no_file(shop):
    shop.change("delete from staging.stg_rekindle__loads where table_name = 'members'")
    with pytest.raises(RekindleError, match="no delivery brought any"):
        export(shop.home)
    assert not shop.home.exports.exists()


def another_row(shop):
    file = shop.home.published_file.resolve()
    with duckdb.connect(str(file)) as connection:
        connection.execute(
            "insert into core.fct_contact_permission select * from core.fct_contact_permission"
        )


def no_file(shop):
    shop.home.published_file.resolve().unlink()


def no_manifest(shop):
    (shop.home.published_file.resolve().parent / "manifest.json").unlink()


@pytest.mark.parametrize("damage", [another_row, no_file, no_manifest])
def test_a_published_version_that_is_not_as_it_was_audited_is_not_exported(shop, damage):
    damage(shop)
    with pytest.raises(RekindleError, match="what is published is not what was audited"):
        export(shop.home)
    assert not shop.home.exports.exists()


def week(shop):
    return shop.home.ledger / CAMPAIGN / str(WEEK)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda shop: (week(shop) / "v1" / "manifest.json").unlink(), "v1/manifest.json is missing"),
        (lambda shop: shutil.copytree(week(shop) / "v1", week(shop) / "v3"), "v2/manifest.json is missing"),
        (lambda shop: shutil.rmtree(week(shop)), f"{WEEK} is missing"),
    ],
)
def test_what_the_ledger_lost_is_noticed(shop, damage, said):
    export(shop.home)
    damage(shop)
    with pytest.raises(RekindleError, match=said):
        export(shop.home)


def test_a_sealed_week_that_the_publication_was_built_with_is_missed(shop):
    shop.change(
        f"insert into staging.stg_rekindle__sealed_weeks values ('{CAMPAIGN}', date '2025-12-22', 1), "
        f"('{CAMPAIGN}', date '{WEEK}', 1)"
    )
    with pytest.raises(RekindleError, match=f"the ledger has lost: {CAMPAIGN} 2025-12-22 v1."):
        export(shop.home)


def without_rows(folder):
    (folder / "touches.parquet").unlink()


def without_manifest(folder):
    (folder / "manifest.json").unlink()


def with_half_a_manifest(folder):
    (folder / "manifest.json").write_text("{", encoding="utf-8")


def with_other_rows(folder):
    lose_one(folder / "touches.parquet")


def with_an_address_more(folder):
    with (folder / "touches.csv").open("a", encoding="utf-8") as file:
        file.write("t99,13900000099\n")


def without_addresses(folder):
    (folder / "touches.csv").unlink()


DAMAGES = [
    without_rows, without_manifest, with_half_a_manifest, with_other_rows, with_an_address_more,
    without_addresses,
]  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_an_earlier_export_that_is_not_whole_stops_the_next(shop, damage):
    damage(only(export(shop.home)).folder)
    with pytest.raises(RekindleError, match="it is not known whom it went to"):
        export(shop.home)


@pytest.mark.parametrize("damage", DAMAGES)
def test_verify_names_an_export_that_is_not_what_was_written(shop, damage):
    folder = only(export(shop.home)).folder
    verify = ["--home", str(shop.home.root), "verify"]
    assert CliRunner().invoke(app, verify).exit_code == 0
    damage(folder)
    found = CliRunner().invoke(app, verify)
    assert found.exit_code == 1
    assert f"{folder} is not as it was exported" in found.output


def hidden(folder):
    return [path for path in folder.rglob(".*") if path.name != ".handing_over.json"]


@pytest.mark.parametrize("every", [7, pytest.param(1, marks=pytest.mark.slow)])
def test_killed_before_a_step_no_copy_with_contact_details_stays_unnoticed(loaded, tmp_path, every):  # noqa: F811
    states, fatal_step = set(), 1
    while dies_before(fatal_step, export, loaded.home, out=tmp_path / "out"):
        left = left_behind(loaded.home)
        hiding = [*hidden(loaded.home.exports), *hidden(tmp_path / "out")]
        assert {path for path in hiding if path.is_dir()} == set(left)
        if left:
            said = CliRunner().invoke(app, ["--home", str(loaded.home.root), "status"]).output
            assert all(str(folder) in said for folder in left)
        whole = only(export(loaded.home))
        assert left_behind(loaded.home) == []
        assert hidden(loaded.home.root / "exports") == hidden(tmp_path / "out") == []
        for folder in [*loaded.home.exports.glob("*/*/*"), *(tmp_path / "out").glob("*/*/*")]:
            assert sorted(path.name for path in folder.iterdir()) == WHOLE
        states.add((whole.is_new, bool(left), (tmp_path / "out").exists()))
        shutil.rmtree(loaded.home.exports)
        shutil.rmtree(tmp_path / "out", ignore_errors=True)
        fatal_step += every
    assert (False, True, True) in states
    assert not (loaded.home.exports / ".handing_over.json").exists()


def test_a_copy_that_cannot_be_reached_stops_another_copy_and_nothing_else(shop, tmp_path):
    note = shop.home.exports / ".handing_over.json"
    shop.home.exports.mkdir(mode=0o700)
    note.write_text(json.dumps({"unfinished": str(tmp_path / "stick" / ".sms_2.1")}), encoding="utf-8")
    with pytest.raises(RekindleError, match=r"contact details may lie there.*remove .*handing_over.json"):
        export(shop.home, out=tmp_path / "out")
    assert len(cells(only(export(shop.home)))) == 3
    (tmp_path / "stick" / ".sms_2.1").mkdir(parents=True)
    assert not only(export(shop.home, out=tmp_path / "out")).is_new
    assert not note.exists()
    assert not (tmp_path / "stick" / ".sms_2.1").exists()
