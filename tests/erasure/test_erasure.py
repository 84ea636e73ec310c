"""Erasing a person: nothing of them stands anywhere, everything else stays as it was and adds up."""

from __future__ import annotations

import csv
import json
from collections import Counter

import duckdb
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.core.errors import RekindleError
from orchestration.erasing.people import close, finish_purge, purge_requested
from orchestration.exports.writing import export
from orchestration.ledger.opening import start_build
from orchestration.ledger.seals import seals
from orchestration.own_tables import read_own_table
from orchestration.readers.status import status_text
from orchestration.sources.delivering import deliver
from orchestration.warehouse.erasures import Request, ask, open_requests, read_registry, record_key, under_way
from tests.erasure.conftest import (
    CONTRACTS,
    DAY,
    GONE,
    NAME,
    OTHERS,
    PHONE,
    SECOND,
    SECRET,
    THIRD,
    TOUCH,
    WEEK,
    events,
    identify,
    members,
    traces,
)


def run(business, build_id=THIRD, records=tuple(OTHERS)):
    """What `rekindle run` does about erasures; dbt's part is made by hand."""
    said = []
    finish_purge(business.home, CONTRACTS)
    business.load()
    purge_requested(business.home, CONTRACTS, said.append, identify)
    business.publish(build_id, list(records), SECOND)
    close(business.home, said.append)
    return said


def loads(home, on=None):
    table = pq.read_table(home.own_tables / "loads.parquet").to_pylist()
    names = ("rows_in", "rows_loaded", "rows_quarantined", "exact_duplicates")
    return {
        row["table_name"]: tuple(row[name] for name in names)
        for row in table
        if row["status"] == "loaded" and on in (None, row["delivered_on"])
    }


def test_before_anybody_asks_the_person_stands_in_every_kind_of_place(business):
    places = {path.split("/")[0] for path in traces(business.home)}
    assert places == {
        "build",
        "exports",
        "identity",
        "landing",
        "ledger",
        "loaded",
        "quarantine",
        "serving",
        "truth",
        "vault",
    }


def test_after_one_run_no_file_holds_anything_of_the_person(business):
    business.ask()
    said = run(business)
    assert traces(business.home) == {}
    assert said[-1] == "erasure: no file holds anything of 2 member records any more"
    assert read_registry(business.home).done == [{"requests": 1, "records": 2, "build_id": THIRD}]
    assert "Erasures: 1 request done (2 member records), 0 open" in status_text(business.home)


@pytest.mark.parametrize("request_", [Request(*GONE[1]), Request("chain", kind="phone", pseudonym="")])
def test_any_record_or_an_identifier_leads_to_the_person(business, request_):
    from orchestration.core.pseudonyms import pseudonym

    if request_.kind:
        request_ = Request("chain", kind="phone", pseudonym=pseudonym(SECRET, "phone", PHONE))
    ask(business.home, request_)
    run(business)
    assert traces(business.home) == {}


def test_decisions_that_name_the_person_leave_and_all_others_stay(business):
    business.ask()
    run(business)
    [left] = read_own_table(business.home, "identity_decisions")
    assert (left["member_id"], left["other_member_id"]) == (OTHERS[0][2], OTHERS[1][2])
    header, line = (business.home.identity / "kept_apart.csv").read_text(encoding="utf-8").splitlines()
    assert header.startswith("source,system,member_id,")
    assert line.startswith(",".join([*OTHERS[0], *OTHERS[1]]))


def test_facts_that_need_no_member_stay_and_all_other_people_too(business):
    before = loads(business.home)
    business.ask()
    run(business)
    # In, loaded, quarantined, dropped: of six events four were the person's, of which one broke a rule.
    assert before["events"] == (6, 4, 1, 1)
    assert loads(business.home)["events"] == (2, 2, 0, 0)
    assert loads(business.home)["orders"] == before["orders"] == (3, 3, 0, 0)
    assert loads(business.home)["members"] == (2, 2, 0, 0)
    assert "consents" not in {name for name, counts in loads(business.home).items() if counts != (0, 0, 0, 0)}
    landed = next(business.home.landing.glob("chain/orders/*/part.csv"))
    with landed.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["order_id"], row["member_id"], row["note"]) for row in rows] == [
        ("1", "", ""),
        ("2", "stays-2", "for somebody"),
        ("3", "", "for somebody"),
    ]
    assert {row["net_amount"] for row in rows} == {"10"}


def test_loading_again_finds_nothing_changed(business):
    business.ask()
    run(business)
    said = []
    from orchestration.loader import load

    assert load(business.home, CONTRACTS, said.append).newly_loaded == 0
    assert "nothing new: all 5 deliveries were loaded before" in said


def test_the_ledger_keeps_a_tombstone_and_its_counts(business):
    [before] = seals(business.home)
    business.ask()
    run(business)
    [after] = seals(business.home)
    assert (after.counts, after.version, after.erased) == (before.counts, 1, 1)
    assert after.sha256 != before.sha256
    rows = pq.read_table(after.folder(business.home) / "decisions.parquet").to_pylist()
    assert len(rows) == after.counts["decisions"]
    assert sum(row["is_included"] for row in rows) == after.counts["included"]
    tombstone = rows[0]
    assert (tombstone["member_key"], tombstone["is_included"]) == (-1, True)
    assert (tombstone["region"], tombstone["value_rank"]) == (None, None)
    assert {row["member_key"] for row in rows[1:]} == {record_key(*record) for record in OTHERS}
    touches = pq.read_table(after.folder(business.home) / "touches.parquet").to_pylist()
    assert [(row["member_key"], row["planned_touch_id"]) for row in touches] == [
        (-1, f"erased/win/{WEEK}/v1/1"),
        (record_key(*OTHERS[0]), TOUCH["chain:pos:stays-2"]),
    ]
    build = start_build(business.home, [DAY], run_id="run", code_version="c0de")
    assert pq.read_table(build.own_tables / "sealed_decisions").num_rows == 3


def test_only_what_an_erasure_explains_may_differ_in_the_ledger(business, made_once):
    business.ask()
    run(business)
    [sealed] = seals(business.home)
    folder = sealed.folder(business.home)
    noted = (folder / "manifest.json").read_text()
    file = folder / "decisions.parquet"
    content = file.read_bytes()
    original = sealed.folder(made_once.home)
    for changed, said in (
        ({"decisions.parquet": content + b" "}, "was changed after it was sealed"),
        ({"manifest.json": noted.replace('"erased": 1', '"erased": 0').replace("c0de", "c0de")}, None),
        ({"manifest.json": (original / "manifest.json").read_text()}, "no erasure explains it"),
    ):
        for name, new in changed.items():
            (folder / name).chmod(0o644)
            (folder / name).write_bytes(new if isinstance(new, bytes) else new.encode())
        if said:
            with pytest.raises(RekindleError, match=said):
                seals(business.home)
        (folder / "manifest.json").write_text(noted)
        file.write_bytes(content)
    for name in ("decisions.parquet", "touches.parquet", "manifest.json"):
        (folder / name).chmod(0o644)
        (folder / name).write_bytes((original / name).read_bytes())
    with pytest.raises(RekindleError, match="no erasure explains it"):
        seals(business.home)


def test_a_seal_that_claims_an_erasure_nobody_knows_is_refused(business):
    [sealed] = seals(business.home)
    manifest = sealed.folder(business.home) / "manifest.json"
    manifest.chmod(0o644)
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"erased": 1}))
    with pytest.raises(RekindleError, match="no erasure explains it"):
        seals(business.home)


def test_an_export_loses_the_row_and_its_manifest_adds_up(business):
    business.ask()
    run(business)
    [manifest] = [json.loads(file.read_text()) for file in business.home.exports.rglob("manifest.json")]
    assert manifest["rows"] == 1
    assert manifest["left_out"] == {"silenced": 1, "erased": 1}
    assert manifest["planned"] == manifest["rows"] + sum(manifest["left_out"].values())


def test_who_is_delivered_again_is_erased_again_and_a_new_record_is_a_new_person(business):
    business.ask()
    run(business)
    business.deliver("members", members(), WEEK)
    new = members()[0] | {"member_id": "new-7"}
    business.deliver("members", [new], WEEK.replace(day=30))
    business.deliver("events", events("csv"), WEEK)
    finish_purge(business.home, CONTRACTS)
    business.load()
    assert {path.split("/")[0] for path in traces(business.home)} >= {"landing", "loaded", "vault"}
    run(business, "2025-12-28-00000004")
    left = traces(business.home)
    # The contact details of the new record are those of the person it is about.
    assert not any(member in held for held in left.values() for _, _, member in GONE)
    assert {path.split("/")[2] for path in left} <= {"members"} | {"chain"}
    assert len(read_registry(business.home).done) == 2
    loaded = duckdb.sql(
        f"from read_parquet('{business.home.loaded}/chain/members/*/*/*/*.parquet', "
        "hive_partitioning = false)"
    ).fetchall()
    assert Counter(row[1] for row in loaded) == {"stays-2": 2, "stays-3": 2, "new-7": 1}


def test_a_request_that_leads_to_several_people_stays_open_and_says_so(business):
    from orchestration.core.pseudonyms import pseudonym

    ask(business.home, Request("chain", kind="phone", pseudonym=pseudonym(SECRET, "phone", "13900000002")))
    said = run(business)
    assert [line[:72] for line in said] == [
        "erasure: a request stays open, its phone leads to 2 members: name the re"
    ]
    assert "stays open: its phone leads to 2 members" in status_text(business.home)
    assert "1 request withdrawn; open: 0." in erase(business, "--withdraw").output
    assert open_requests(business.home) == {}


def test_an_unknown_record_is_refused_should_it_ever_come(business):
    business.ask(("chain", "pos", "late-9"))
    run(business)
    assert read_registry(business.home).done[-1]["records"] == 1
    business.deliver("members", [members()[2] | {"member_id": "late-9"}], WEEK)
    run(business, "2025-12-28-00000004")
    assert b"late-9" not in b"".join(
        file.read_bytes()
        for file in business.home.root.rglob("*")
        if file.is_file() and not file.is_symlink()
    )


def test_nothing_is_called_done_before_readers_have_a_version_without_the_person(business):
    business.ask()
    run(business, records=(*GONE, *OTHERS))
    assert under_way(business.home).is_purged
    assert read_registry(business.home).done == []
    assert "Erasures: 0 requests done (0 member records), 1 open, 1 of them under way" in status_text(
        business.home
    )
    run(business, "2025-12-28-00000004")
    assert under_way(business.home) is None
    assert traces(business.home) == {}


def test_once_it_is_purged_what_is_published_and_the_notes_of_it_alone_hold_anything_of_the_person(business):
    business.ask()
    run(business, records=(*GONE, *OTHERS))
    assert under_way(business.home).is_purged
    places = {path for path in traces(business.home) if not path.startswith("serving/")}
    assert {place.startswith("vault/erasures/") for place in places} == {True}


def test_while_somebody_waits_nothing_is_exported(business):
    business.ask()
    with pytest.raises(RekindleError, match="nothing was exported"):
        export(business.home)


def erase(business, *arguments):
    return CliRunner().invoke(app, ["--home", str(business.home.root), "erase", *arguments])


def test_the_command_keeps_a_request_without_what_identifies_the_person(business, tmp_path):
    asked = erase(business, "--phone", f"+86 {PHONE}")
    assert asked.exit_code == 0, asked.output
    assert "1 person to be erased; open requests: 1." in asked.output
    assert not any(PHONE in file.read_text() for file in business.home.erasures.rglob("*.json"))
    listed = tmp_path / "requests.csv"
    listed.write_text("system,member_id,email\npos,gone-till-1,\n,,someone@example.cn\n", encoding="utf-8")
    assert "2 persons to be erased; open requests: 3." in erase(business, "--from", str(listed)).output
    run(business)
    assert "Erasures: 3 requests done (2 member records), 0 open" in status_text(business.home)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "a request names one record"),
        (("--system", "pos"), "a request names one record"),
        (("--phone", "1", "--email", "a@b"), "a request names one record"),
        (("--phone", "none"), "has nothing in it that could be one"),
        (("--system", "pos", "--member", "1", "--source", "till"), "there is no source till; known: chain"),
    ],
)
def test_a_request_that_names_nobody_is_refused(business, arguments, said):
    refused = erase(business, *arguments)
    assert refused.exit_code == 2
    assert said in refused.output
    assert open_requests(business.home) == {}


def test_a_list_with_a_fault_is_not_kept_in_part(business, tmp_path):
    listed = tmp_path / "requests.csv"
    listed.write_text("system,member_id\npos,1\npos,\n", encoding="utf-8")
    assert erase(business, "--from", str(listed)).exit_code == 2
    assert open_requests(business.home) == {}


def test_files_written_on_the_way_are_their_owners_alone(business):
    business.ask()
    run(business)
    private = [*business.home.exports.rglob("touches.*"), *business.home.vault.rglob("*.parquet")]
    assert {file.stat().st_mode & 0o077 for file in private} == {0}
    assert business.home.erasures.stat().st_mode & 0o777 == 0o700
    assert (business.home.erasures / "key").stat().st_mode & 0o777 == 0o600
    sealed = [file for file in business.home.ledger.glob("*/**/*") if file.is_file()]
    assert {file.stat().st_mode & 0o222 for file in sealed} == {0}
    assert not (business.home.root / ".erasing").exists()
    assert DAY < WEEK


def test_rows_whose_cells_do_not_fit_leave_wherever_the_member_slipped(business):
    """Of orders those with the person's number in any cell; of members all: nobody knows whose they are."""
    [(_, system, number), _] = GONE
    names = "order_id,system,member_id,channel,ordered_at,status,gross_amount,discount_amount,net_amount,note"
    orders = [f"8,x,{system},{number},store,2025-12-01,completed,1,0,1,", "9,pos,stays-2", f"10,{number}"]
    # The same number in wide letters, as some keyboards write it.
    orders.append("11," + "".join(chr(ord(letter) + 0xFEE0) for letter in number))
    # The number where quarantine keeps nothing, in a column that nobody knows or beyond all columns.
    orders.append(f"12,pos,,store,2025-12-01,{PHONE},1,0,1,{number},")
    orders.append(f"13,pos,,store,2025-12-01,{PHONE},1,0,1,,{number}")
    people = [f"{system},{number},2025-01-01,{NAME}", f"pos,stays-2,2025-01-01,{PHONE},x,y,z,w"]

    def written(*lines):
        return lambda folder: (folder / "part.csv").write_text("\n".join(lines) + "\n")

    landing = business.home.landing
    deliver(landing, "chain", "orders", WEEK, written(names, *orders))
    deliver(
        landing, "chain", "members", WEEK, written("system,member_id,registered_at,full_name,phone", *people)
    )
    business.load()
    assert loads(business.home, WEEK) == {"orders": (6, 0, 6, 0), "members": (2, 0, 2, 0)}
    business.ask()
    run(business)
    assert traces(business.home) == {}
    assert loads(business.home, WEEK) == {"orders": (1, 0, 1, 0), "members": (0, 0, 0, 0)}
    assert "9,pos,stays-2" in (landing / "chain/orders" / f"delivered={WEEK}" / "part.csv").read_text()


def test_orders_with_a_phone_leave_where_their_cells_do_not_fit(business):
    """Quarantine does not show their cells, so nobody knows whose they are."""
    names = (
        "order_id,system,member_id,channel,ordered_at,status,gross_amount,discount_amount,net_amount,phone"
    )
    lines = [names, "9,pos,stays-2", f"8,pos,stays-2,store,2025-12-01,completed,1,0,1,{PHONE},more"]
    deliver(
        business.home.landing, "chain", "orders", WEEK,
        lambda folder: (folder / "part.csv").write_text("\n".join(lines) + "\n"),
    )  # fmt: skip
    business.load()
    assert loads(business.home, WEEK)["orders"] == (2, 0, 2, 0)
    business.ask()
    run(business)
    assert traces(business.home) == {}
    assert loads(business.home, WEEK)["orders"] == (0, 0, 0, 0)
