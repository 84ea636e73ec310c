"""An export holds whom it may, in their language, once; everybody else is counted by reason."""

import csv
import json
import shutil
from datetime import date

import duckdb
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.core.copy_texts import dialled, filled, neutral
from orchestration.core.errors import RekindleError
from orchestration.exports.writing import export, exported_before
from orchestration.project import SEEDS_DIR
from tests.exports.conftest import CAMPAIGN, WEEK, record_key, write_vault
from tests.killing import dies_before

WHOLE = ["manifest.json", "touches.csv", "touches.parquet"]


def only(files):
    [file] = files
    return file


def cells(file):
    with (file.folder / "touches.csv").open(encoding="utf-8", newline="") as opened:
        return {row["planned_touch_id"]: row for row in csv.DictReader(opened)}


def test_everybody_planned_is_in_the_file_or_counted_by_the_first_reason_against_it(shop):
    file = only(export(shop.home, WEEK))
    assert set(cells(file)) == {"t01", "t02", "t03"}
    assert file.manifest["left_out"] == {
        "erased": 1,
        "capped": 1,
        "silenced": 3,
        "no_contact": 1,
        "same_address": 1,
    }
    assert (file.manifest["planned"], file.manifest["rows"]) == (10, 3)


def test_a_reason_without_a_label_is_counted_all_the_same(shop, tmp_path):
    seeds = shutil.copytree(SEEDS_DIR, tmp_path / "seeds")
    labels = seeds / "exports" / "left_out_reasons.csv"
    lines = labels.read_text(encoding="utf-8").splitlines(keepends=True)
    labels.write_text("".join(line for line in lines if not line.startswith("silenced,")), encoding="utf-8")
    file = only(export(shop.home, WEEK, seeds_dir=seeds))
    assert file.manifest["left_out"]["silenced"] == 3
    assert (file.manifest["planned"], file.manifest["rows"]) == (10, 3)


def test_whoever_left_the_journey_since_the_seal_is_left_out(shop):
    shop.change(
        "update audiences.aud_journeys set exit_reason = 'returned' where member_key = 3",
        # Known of an earlier day or another entry: not of this journey now.
        "insert into audiences.aud_journeys "
        "select * replace (date '2025-12-21' as as_of_date, 'returned' as exit_reason) "
        "from audiences.aud_journeys where member_key = 1",
        "insert into audiences.aud_journeys "
        "select * replace (entry_week - 7 as entry_week, 'returned' as exit_reason) "
        "from audiences.aud_journeys where member_key = 2",
    )
    file = only(export(shop.home))
    assert set(cells(file)) == {"t01", "t02"}
    assert file.manifest["left_out"]["journey_over"] == 1


def test_whoever_was_contacted_by_others_since_the_seal_keeps_their_cap(shop):
    shop.change("insert into audiences.aud_touches_over_cap values ('t03'), ('t99')")
    file = only(export(shop.home))
    assert set(cells(file)) == {"t01", "t02"}
    assert file.manifest["left_out"]["capped"] == 2


def test_each_member_is_written_to_in_their_language_and_without_one_in_the_default(shop):
    rows = cells(only(export(shop.home)))
    assert rows["t02"]["body"] == ("Ask how Green tea was, listen, then offer 10 off 60 (until 2026-01-19).")
    assert rows["t03"]["body"] == "先问 您常买的商品 的体验并倾听，再提供 满 60 减 10（2026-01-19 前）。"
    assert [rows[touch]["language"] for touch in ("t01", "t02", "t03")] == ["zh", "en", "zh"]


def test_a_phone_keeps_its_plus_and_a_formula_loses_its_start(proposed):
    proposed.change("update audiences.aud_planned_touches set template = 'second_order'")
    proposed.seal()
    file = only(export(proposed.home))
    row = cells(file)["t01"]
    assert row["address"] == "+8613800000001"
    assert row["subject"] == "'=HYPERLINK(1) 还满意吗？"
    [raw] = [
        each
        for each in pq.read_table(file.folder / "touches.parquet").to_pylist()
        if each["planned_touch_id"] == "t01"
    ]
    assert raw["subject"] == "=HYPERLINK(1) 还满意吗？"


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("+1+cmd|' /C calc'!A0", "'+1+cmd|' /C calc'!A0"),
        ("-2", "'-2"),
        ("@sum(a1)", "'@sum(a1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("＝1", "'＝1"),
        ("+8613800000001", "+8613800000001"),
        ("plain = text", "plain = text"),
        ("", ""),
    ],
)
def test_no_cell_starts_a_formula(cell, shown):
    assert neutral(cell) == shown


@pytest.mark.parametrize(
    ("given", "number", "address"),
    [
        ("+86 138-0000 0001", "13800000001", "+8613800000001"),
        ("＋８６ 13800000001", "13800000001", "+8613800000001"),
        ("0086 138 0000 0001", "13800000001", "13800000001"),
        ("098765 43210", "+919876543210", "+919876543210"),
        ("(021) 5555 6666", "+862155556666", "+862155556666"),
    ],
)
def test_a_number_of_china_keeps_its_plus_and_any_other_has_its_country(given, number, address):
    assert dialled(given, number) == address


def test_a_variable_is_filled_once_and_an_unknown_one_without_fallback_leaves_the_member_out():
    assert filled("{product}!", {"product": "{store}", "store": "secret"}, {}) == "{store}!"
    assert filled("{product}!", {"product": None}, {"product": "tea"}) == "tea!"
    assert filled("{product}!", {"product": None}, {}) is None


def test_the_manifest_says_what_the_files_are(shop):
    file = only(export(shop.home))
    noted = json.loads((file.folder / "manifest.json").read_text(encoding="utf-8"))
    assert noted == file.manifest
    assert noted["consents_delivered_on"] == "2025-12-28"
    assert (noted["campaign"], noted["channel"], noted["step_no"]) == (CAMPAIGN, "sms", 2)
    assert (noted["ledger_version"], noted["build_id"]) == (1, "2025-12-28-00000001")
    assert {path.stat().st_mode & 0o777 for path in file.folder.iterdir()} == {0o600}
    folders = [file.folder, *list(file.folder.parents)[:3]]
    assert {folder.stat().st_mode & 0o777 for folder in folders} == {0o700}


def test_the_same_published_week_gives_the_same_bytes(shop):
    first = only(export(shop.home))
    before = {path.name: path.read_bytes() for path in first.folder.iterdir()}
    first.folder.rename(shop.home.root / "elsewhere")
    again = only(export(shop.home))
    assert {path.name: path.read_bytes() for path in again.folder.iterdir()} == before


def test_nobody_is_exported_twice(shop):
    first = only(export(shop.home))
    again = only(export(shop.home))
    assert (first.is_new, again.is_new) == (True, False)
    assert again.manifest == first.manifest
    earlier = cells(first).keys()
    first.folder.rename(first.folder.with_name("sms_1"))
    other = only(export(shop.home))
    assert not earlier & cells(other).keys()
    assert other.manifest["left_out"]["exported_before"] == 3


def test_a_copy_is_handed_over_once(shop, tmp_path):
    out = tmp_path / "outbox"
    made = only(export(shop.home, out=out))
    copied = out / CAMPAIGN / str(WEEK) / "sms_2"
    assert {path.name for path in copied.iterdir()} == {path.name for path in made.folder.iterdir()}
    assert {path.stat().st_mode & 0o777 for path in copied.iterdir()} == {0o600}
    other = tmp_path / "other"
    export(shop.home, out=other)
    assert not other.exists()


def test_a_week_that_is_not_sealed_is_not_exported(proposed):
    with pytest.raises(RekindleError, match="second_order 2025-12-29 is not sealed"):
        export(proposed.home)
    assert not proposed.home.exports.exists()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ("update audiences.aud_planned_touches set planned_on = date '2026-01-06'", "not v1"),
        ("insert into audiences.aud_planned_touches select * replace ('t99' as planned_touch_id) "
         "from audiences.aud_planned_touches limit 1", "not v1"),
        ("update audiences.aud_decisions set definition_hash = 'other' where member_key = 1", "not v1"),
        ("update staging.stg_rekindle__builds set build_id = 'another'", "holds another build"),
    ],
)  # fmt: skip
def test_what_is_published_must_be_what_is_sealed(shop, changed, said):
    shop.change(changed)
    with pytest.raises(RekindleError, match=said):
        export(shop.home)


def test_a_week_that_was_sealed_from_another_version_is_not_exported(proposed):
    proposed.seal(build_id="another")
    with pytest.raises(RekindleError, match="sealed from another, published is 2025-12-28-00000001"):
        export(proposed.home)


def test_a_correction_is_exported_only_once_it_is_published(shop):
    shop.change(
        "update audiences.aud_campaign_weeks set is_sealed = true",
        "update audiences.aud_decisions set is_sealed = true, ledger_version = 2",
    )
    with pytest.raises(RekindleError, match="not v1 of the ledger: run again"):
        export(shop.home)


def test_a_version_published_before_there_were_exports_is_refused(shop):
    shop.change("drop table core.fct_member_record")
    with pytest.raises(RekindleError, match="it lacks a table they read"):
        export(shop.home)


def test_an_unpublished_week_is_refused_with_those_there_are(shop):
    with pytest.raises(RekindleError, match="published weeks are: 2025-12-29"):
        export(shop.home, date(2025, 12, 22))


def test_refused_consents_of_nobody_are_told_with_the_files(shop):
    assert only(export(shop.home)).manifest["consents_of_nobody"] == 0
    shutil.rmtree(shop.home.exports)
    shop.change(
        "insert into core.fct_unreadable_consent (unreadable_id, members) values ('u2', 0), ('u3', 0)"
    )
    assert only(export(shop.home)).manifest["consents_of_nobody"] == 2
    shutil.rmtree(shop.home.exports)
    said = CliRunner().invoke(app, ["--home", str(shop.home.root), "export"]).output
    assert "Consent events refused that name nobody who is known: 2." in said


def test_the_newest_record_and_the_newest_delivery_of_it_give_the_address(shop):
    write_vault(shop.home, "2025-12-29", [("crm", "m2", "13900000002")])
    rows = cells(only(export(shop.home)))
    assert rows["t02"]["address"] == "13900000002"
    assert "t07" in rows


@pytest.mark.parametrize("given", ["1.38E+10", "unknown", "无", "12345"])
def test_what_is_no_number_is_not_sent_to(shop, given):
    write_vault(shop.home, "2025-12-29", [("crm", "m2", given)])
    file = only(export(shop.home))
    assert "t02" not in cells(file)
    assert file.manifest["left_out"]["no_contact"] == 2


def test_a_vault_of_an_earlier_version_is_refused(shop):
    duckdb.sql("select 'crm' as system, 'm2' as member_id, '13900000002' as phone").write_parquet(
        str(shop.home.vault / "contacts" / "chain" / "members" / "delivered=2025-12-29.parquet")
    )
    with pytest.raises(RekindleError, match="of an earlier version, so nothing was exported"):
        export(shop.home)


def test_of_several_records_the_one_changed_last_gives_the_address(shop):
    others = {2: ("no-date", "13900000002", "null"), 3: ("later", "13900000003", "timestamp '2025-06-01'")}
    for member, (number, _, changed_at) in others.items():
        key = record_key("pos", number)
        shop.change(f"insert into core.fct_member_record values ({member}, {key}, {changed_at}, false)")
    write_vault(shop.home, "2025-12-29", [("pos", number, phone) for number, phone, _ in others.values()])
    rows = cells(only(export(shop.home)))
    assert (rows["t02"]["address"], rows["t03"]["address"]) == ("13800000002", "13900000003")


def test_the_product_bought_last_is_the_one_that_is_named(shop):
    shop.change(
        "insert into core.dim_product values ('chain', 'older', 'Black tea')",
        "insert into core.fct_order_item values (2, 'chain', 'older', true, date '2025-11-30', 99.00)",
    )
    assert "Green tea" in cells(only(export(shop.home)))["t02"]["body"]


@pytest.mark.parametrize(
    ("said", "is_written_to"),
    [
        # The as-of date is the 28th: what was said on it counts, what was said before it is over.
        ([("sms", "marketing", False, "2025-02-01", "2025-12-28"),
          ("sms", "marketing", True, "2025-12-28", "9999-12-31")], True),
        ([("sms", "marketing", True, "2025-12-29", "9999-12-31")], False),
        ([("email", "marketing", True, "2025-02-01", "9999-12-31")], False),
        ([("sms", "service", True, "2025-02-01", "9999-12-31")], False),
    ],
)  # fmt: skip
def test_a_yes_counts_for_its_channel_and_purpose_from_its_day_on(shop, said, is_written_to):
    shop.change(
        "delete from core.fct_contact_permission where member_key = 3",
        *(
            "insert into core.fct_contact_permission "
            f"values (3, '{channel}', '{purpose}', {is_allowed}, date '{changed_on}', date '{next_on}')"
            for channel, purpose, is_allowed, changed_on, next_on in said
        ),
    )
    assert ("t03" in cells(only(export(shop.home)))) is is_written_to


def test_a_week_defined_otherwise_since_it_was_sealed_is_not_exported(shop, tmp_path):
    seeds = tmp_path / "seeds"
    shutil.copytree(SEEDS_DIR, seeds)
    steps = seeds / "campaigns" / "campaign_steps.csv"
    before = steps.read_text(encoding="utf-8")
    steps.write_text(before.replace("second_order,every,2,7", "second_order,every,2,8"), encoding="utf-8")
    with pytest.raises(RekindleError, match="second_order 2025-12-29 is defined differently now"):
        export(shop.home, seeds_dir=seeds)


def test_a_push_goes_to_the_member_number_of_the_mini_program_alone(proposed):
    proposed.change(
        "update audiences.aud_planned_touches set channel = 'push'",
        "update core.fct_contact_permission set channel = 'push'",
        f"insert into core.fct_member_record values (2, {record_key('mini_program', 'app2')}, null, false)",
    )
    proposed.seal()
    duckdb.sql("select 'mini_program' as system, 'app2' as member_id").write_parquet(
        str(proposed.home.vault / "contacts" / "chain" / "members" / "delivered=2025-12-29.parquet")
    )
    file = only(export(proposed.home))
    assert {touch: row["address"] for touch, row in cells(file).items()} == {"t02": "app2"}
    assert file.manifest["left_out"]["no_contact"] == 4


def test_killed_before_any_step_there_is_no_half_export_and_the_next_one_works(shop):
    fatal_step = 1
    while dies_before(fatal_step, export, shop.home):
        folders = list(shop.home.exports.glob("*/*/*"))
        for folder in folders:
            assert sorted(path.name for path in folder.iterdir()) == WHOLE
        if folders:
            break
        fatal_step += 1
    assert fatal_step > 8
    assert only(export(shop.home)).manifest["rows"] == 3
    assert exported_before(shop.home) == {"t01", "t02", "t03"}
    assert [path.name for path in shop.home.exports.iterdir()] == [CAMPAIGN]


def test_a_full_disk_leaves_no_half_export_and_says_what_to_do(shop, monkeypatch):
    def full(*_arguments):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("orchestration.exports.writing.sync", full)
        with pytest.raises(RekindleError, match="nothing of it was exported"):
            export(shop.home)
    assert not list(shop.home.exports.rglob("*.csv"))
    assert only(export(shop.home)).manifest["rows"] == 3


def test_contact_details_lie_in_the_vault_and_the_exports_alone(shop):
    export(shop.home)
    holding = {
        path.relative_to(shop.home.root).parts[0]
        for path in shop.home.root.rglob("*")
        if path.is_file() and b"13800000003" in path.read_bytes()
    }
    assert holding == {"vault", "exports"}
