"""Files that cannot be searched: all others are freed, these are named, and there is a way to the end."""

import csv
import gzip
import json
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.core.errors import InputFault, RekindleError
from orchestration.erasing.people import close, finish_purge, purge_requested
from orchestration.loader import load
from orchestration.loader.secret import read_secret
from orchestration.project import SECRET_VARIABLE
from orchestration.readers.status import status_text
from orchestration.warehouse.erasures import (
    Request,
    ask,
    give_up,
    open_requests,
    read_registry,
    under_way,
)
from tests.erasure.conftest import (
    CONTRACTS,
    DAY,
    GONE,
    OTHERS,
    PHONE,
    SECOND,
    THIRD,
    WEEK,
    identify,
    members,
    traces,
)
from tests.erasure.test_erasure import erase, run

LANDED = f"landing/chain/members/delivered={DAY}"
EVENTS = f"landing/chain/events/delivered={DAY}/part.parquet"


def not_utf8(file):
    file.write_bytes(file.read_text(encoding="utf-8").replace("Stays", "Stäys").encode("latin-1"))


def open_quote(file):
    file.write_text(file.read_text(encoding="utf-8").replace("Li Stays", '"Li Stays'), encoding="utf-8")


def cut(file):
    file.write_bytes(file.read_bytes()[:-9])


def no_footer(file):
    file.write_bytes(b"PAR1" + file.read_bytes()[4:90])


def folder(file):
    file.rename(file.with_name("aside"))
    file.mkdir()
    file.with_name("aside").rename(file / file.name)


def packed(file):
    whole = gzip.compress(file.read_bytes())
    file.unlink()
    file.with_name(f"{file.name}.gz").write_bytes(whole[: len(whole) // 2])


def link(file):
    aside = file.parents[5] / "elsewhere.csv"
    file.rename(aside)
    file.symlink_to(aside)


def stray(file):
    (file.parent / "notes.txt").write_text(f"call {PHONE}", encoding="utf-8")


def half_delivered(file):
    shutil.copytree(file.parent, file.parent.with_name(f".{file.parent.name}.x1"))


FAULTS = [
    (f"{LANDED}/part.csv", not_utf8, "part.csv: is not UTF-8"),
    (f"{LANDED}/part.csv", open_quote, "part.csv: a quote is not closed"),
    (f"{LANDED}/part.csv", folder, "part.csv: Is a directory"),
    (f"{LANDED}/part.csv", packed, "part.csv.gz: is neither a CSV nor a Parquet file"),
    (f"{LANDED}/part.csv", link, "part.csv: is a link"),
    (f"{LANDED}/part.csv", stray, "notes.txt: is neither a CSV nor a Parquet file"),
    (f"{LANDED}/part.csv", half_delivered, ".x1: is no delivery, or half of one"),
    (EVENTS, cut, "part.parquet: is not a readable Parquet file"),
    (EVENTS, no_footer, "part.parquet: is not a readable Parquet file"),
    (
        f"vault/contacts/chain/members/delivered={DAY}.parquet",
        cut,
        ".parquet: is not a readable Parquet file",
    ),
    (f"vault/contacts/chain/members/delivered={DAY}.parquet", folder, ".parquet: "),
    (f"quarantine/chain/events/delivered={DAY}/quarantined.parquet", cut, "quarantined.parquet: is not a"),
    ("truth/member_records.parquet", cut, "member_records.parquet: is not a readable Parquet file"),
    (f"exports/win/{WEEK}/sms_1/touches.parquet", cut, "sms_1: is not a readable Parquet file"),
    (f"exports/win/{WEEK}/sms_1/touches.csv", stray, "notes.txt: is no file of an export"),
    (f"exports/win/{WEEK}/sms_1/manifest.json", cut, "sms_1: is not as it was written"),
]


@pytest.mark.parametrize(("place", "damage", "said"), FAULTS)
def test_what_cannot_be_searched_is_named_and_all_others_are_freed(business, place, damage, said):
    file = business.home.root / place
    before = file.parent.with_name("kept_for_later")
    shutil.copytree(file.parent, business.home.root.parent / before.name)
    whose = identify(business.home)
    damage(file)
    business.ask()
    with pytest.raises(RekindleError) as refused:
        purge_requested(business.home, CONTRACTS, lambda _: None, lambda _: whose)
    assert said in str(refused.value)
    assert "1 file of" in str(refused.value)
    assert PHONE not in str(refused.value)
    [named] = [line[4:].split(": ")[0] for line in str(refused.value).splitlines() if line.startswith("  - ")]
    assert traces(business.home, but=("serving", "vault/erasures", named)) == {}
    with pytest.raises(RekindleError, match="1 file of"):
        finish_purge(business.home, CONTRACTS)

    # Put right, it goes on and ends.
    shutil.rmtree(file.parent)
    for leftover in file.parent.parent.glob(".*.x1"):
        shutil.rmtree(leftover)
    shutil.copytree(business.home.root.parent / before.name, file.parent)
    finish_purge(business.home, CONTRACTS)
    business.publish(THIRD, OTHERS, SECOND)
    close(business.home, lambda _: None)
    assert traces(business.home) == {}
    assert read_registry(business.home).done == [{"requests": 1, "records": 2, "build_id": THIRD}]


def test_given_up_by_hand_it_ends_and_the_reason_stays(business):
    stray(business.home.root / LANDED / "part.csv")
    business.ask()
    with pytest.raises(RekindleError, match=r"notes.txt"):
        run(business)
    for arguments, refused in (
        (("--give-up", f"{LANDED}/notes.txt"), "with a reason"),
        (("--give-up", f"{LANDED}/other.txt", "--reason", "lost"), "has no"),
        (("--give-up", "../notes.txt", "--reason", "lost"), "has no"),
    ):
        answer = erase(business, *arguments)
        assert answer.exit_code == 2
        assert refused in answer.output
    assert under_way(business.home).given_up == ()
    answer = erase(business, "--give-up", f"{LANDED}/notes.txt", "--reason", "the lawyer keeps it")
    assert answer.exit_code == 0, answer.output
    said = run(business)
    assert said == [
        "erasure: no file holds anything of 2 member records any more, but for 1 file given up by hand"
    ]
    assert set(traces(business.home)) == {f"{LANDED}/notes.txt"}
    assert read_registry(business.home).done == [
        {"requests": 1, "records": 2, "build_id": THIRD,
         "given_up": [[f"{LANDED}/notes.txt", "the lawyer keeps it"]]}
    ]  # fmt: skip
    assert f"given up by hand: {LANDED}/notes.txt (the lawyer keeps it)" in status_text(business.home)
    with pytest.raises(InputFault, match="no erasure waits"):
        give_up(business.home, f"{LANDED}/notes.txt", "again")


def test_the_next_erasure_asks_again_for_a_file_that_was_given_up(business):
    stray(business.home.root / LANDED / "part.csv")
    business.ask()
    with pytest.raises(RekindleError):
        run(business)
    give_up(business.home, f"{LANDED}/notes.txt", "for this one")
    run(business)
    business.ask(OTHERS[0])
    with pytest.raises(RekindleError, match=r"notes.txt"):
        run(business)


def test_a_cell_of_any_length_is_read_through(business):
    long = members()[3] | {"full_name": "x" * 200_000}
    business.deliver("members", [long, members()[0], members()[2]], WEEK)
    business.ask()
    run(business)
    assert traces(business.home) == {}
    [landed] = business.home.landing.glob(f"chain/members/delivered={WEEK}/part.csv")
    limit = csv.field_size_limit(1_000_000)
    try:
        rows = list(csv.DictReader(landed.open(encoding="utf-8", newline="")))
    finally:
        csv.field_size_limit(limit)
    assert [(row["member_id"], len(row["full_name"])) for row in rows] == [
        ("stays-3", 200_000),
        ("stays-2", 8),
    ]


def test_many_lines_are_read_in_parts(business, monkeypatch):
    monkeypatch.setattr("orchestration.erasing.deliveries._LINES", 1)
    business.ask()
    run(business)
    assert traces(business.home) == {}
    [manifest] = business.home.landing.glob("chain/orders/*/manifest.json")
    assert json.loads(manifest.read_text(encoding="utf-8"))["files"][0]["rows"] == 3


def test_a_delivery_without_a_manifest_is_searched_by_its_files(business):
    (business.home.root / LANDED / "manifest.json").unlink()
    shutil.copy(business.home.root / LANDED / "part.csv", business.home.root / LANDED / "again.csv")
    business.ask()
    run(business)
    assert traces(business.home) == {}
    assert load(business.home, CONTRACTS, lambda _: None).newly_loaded == 0


def test_a_file_that_no_manifest_lists_is_searched_too(business):
    shutil.copy(business.home.root / LANDED / "part.csv", business.home.root / LANDED / "again.csv")
    business.ask()
    run(business)
    assert traces(business.home) == {}


def test_a_damaged_manifest_hides_nobody(business):
    (business.home.root / LANDED / "manifest.json").write_text("{", encoding="utf-8")
    business.ask()
    business.ask()
    # A load refuses it; an erasure that is under way searches its files all the same.
    with pytest.raises(RekindleError, match="was loaded before and has changed since"):
        run(business)
    purge_requested(business.home, CONTRACTS, lambda _: None, identify)
    business.publish(THIRD, OTHERS, SECOND)
    close(business.home, lambda _: None)
    assert traces(business.home) == {}


def test_loaded_files_that_lost_their_record_are_searched(business):
    [record] = business.home.loaded.glob("chain/members/*/*/load.json")
    shutil.rmtree(business.home.landing / "chain" / "members")
    record.unlink()
    business.deliver("members", members()[2:], WEEK)
    ask(business.home, Request(*GONE[0]))
    run(business)
    assert not [path for path in traces(business.home) if path.startswith("loaded")]


def test_a_full_disk_or_a_locked_home_is_a_sentence_and_the_next_run_goes_on(business, monkeypatch):
    def full(*_arguments, **_options):
        raise OSError(28, "No space left on device", "somewhere")

    business.ask()
    with monkeypatch.context() as patched:
        patched.setattr("orchestration.erasing.deliveries.flush_tree", full)
        with pytest.raises(
            RekindleError, match=r"Erasing stopped: No space left on device.*\n.*rekindle run"
        ):
            run(business)
    assert under_way(business.home)
    run(business)
    assert traces(business.home) == {}


def test_a_version_that_cannot_be_removed_keeps_the_erasure_open(business, monkeypatch):
    def locked(*_arguments, **_options):
        raise PermissionError(13, "Permission denied", "somewhere")

    business.ask()
    with monkeypatch.context() as patched:
        patched.setattr("orchestration.erasing.people.remove_version", locked)
        with pytest.raises(RekindleError, match="Erasing stopped: Permission denied: somewhere"):
            run(business)
    assert under_way(business.home)
    close(business.home, lambda _: None)
    assert traces(business.home) == {}


def test_what_may_not_be_written_is_named(business, monkeypatch):
    def locked(*_arguments, **_options):
        raise PermissionError(13, "Permission denied")

    business.ask()
    with monkeypatch.context() as patched:
        patched.setattr("orchestration.erasing.deliveries._switch", locked)
        with pytest.raises(RekindleError, match=f"{LANDED}: Permission denied"):
            run(business)
    finish_purge(business.home, CONTRACTS)
    run(business)
    assert traces(business.home) == {}


@pytest.mark.parametrize("name", ["registry.json", "open/half.json", "under_way.json"])
def test_what_is_kept_of_erasures_and_cannot_be_read_is_a_sentence(business, name):
    business.ask()
    (business.home.erasures / name).write_text("{", encoding="utf-8")
    answer = CliRunner().invoke(app, ["--home", str(business.home.root), "status"])
    assert answer.exit_code == 1
    assert f"erasures/{name} is damaged" in answer.output
    assert "Traceback" not in answer.output


def test_a_ledger_that_lost_a_file_is_told_before_anything_is_rewritten(business):
    next(business.home.ledger.rglob("touches.parquet")).unlink()
    business.ask()
    with pytest.raises(RekindleError, match=r"touches.parquet is missing"):
        run(business)
    assert under_way(business.home) is None


def test_loaded_files_that_cannot_be_read_are_told(business):
    business.ask()
    run(business)
    for file in business.home.loaded.glob("chain/events/*/*/*/*.parquet"):
        cut(file)
    with pytest.raises(RekindleError, match="chain/events/chain cannot be read through"):
        run(business)


def test_starting_anew_after_the_secret_is_gone_keeps_who_was_erased(business, monkeypatch):
    business.ask()
    run(business)
    monkeypatch.delenv(SECRET_VARIABLE)
    with pytest.raises(InputFault, match="The secret is gone") as refused:
        read_secret(business.home)
    assert "vault/contacts, vault/secret.fingerprint and all folders of loaded but\nloaded/rekindle" in str(
        refused.value
    )
    for place in ("quarantine", "vault/contacts", "loaded/chain", "loaded/receipts"):
        shutil.rmtree(business.home.root / place)
    (business.home.vault / "secret.fingerprint").unlink()
    business.deliver("members", members(), WEEK)
    run(business, "2025-12-28-00000004")
    left = traces(business.home)
    assert not any(member in held for held in left.values() for _, _, member in GONE)
    assert len(read_registry(business.home).done) == 2


def test_a_request_under_another_secret_stays_open_instead_of_leading_to_nobody(business, monkeypatch):
    assert "1 person" in erase(business, "--phone", PHONE).output
    monkeypatch.setenv(SECRET_VARIABLE, "another secret that is long enough for it")
    for place in ("quarantine", "loaded/chain", "loaded/receipts"):
        shutil.rmtree(business.home.root / place)
    (business.home.vault / "secret.fingerprint").unlink()
    assert run(business) == [
        "erasure: a request stays open, its phone was asked for under another secret: withdraw this one and "
        "ask again"
    ]
    assert len(open_requests(business.home)) == 1


def test_without_its_key_the_registry_is_not_taken_for_an_empty_one(business):
    business.ask()
    run(business)
    (business.home.erasures / "key").unlink()
    business.deliver("members", members(), WEEK)
    with pytest.raises(RekindleError, match="key is gone"):
        run(business)
    assert not (business.home.erasures / "key").exists()


@pytest.mark.parametrize("content", [b"phone\n\xff\xfe\n", b'phone\n"139', b"phone\n" + b'"a"b\n'])
def test_a_list_that_cannot_be_read_is_a_sentence(business, tmp_path, content):
    listed = tmp_path / "requests.csv"
    listed.write_bytes(content)
    answer = erase(business, "--from", str(listed))
    assert answer.exit_code == 2
    assert "cannot be read as a CSV file in UTF-8" in answer.output
    assert open_requests(business.home) == {}


def test_a_parquet_file_in_which_the_person_is_not_stays_the_same_file(business):
    file = business.home.root / EVENTS
    file.unlink()
    pq.write_table(pa.table({"event_id": [1], "system": ["crm"], "member_id": ["stays-3"]}), file)
    before = file.stat().st_ino
    business.ask()
    finish_purge(business.home, CONTRACTS)
    assert file.stat().st_ino == before


@pytest.mark.parametrize(
    "place", ["quarantine/chain/events", "vault/contacts/chain/members", "loaded/chain/events"]
)
def test_what_the_loader_makes_is_made_anew_and_the_erasure_ends(business, place):
    every = (business.home.root / place).rglob("*.parquet")
    [damaged] = [file for file in every if "delivered=none" not in file.parts]
    whose = identify(business.home)
    cut(damaged)
    business.ask()
    with pytest.raises(RekindleError, match=str(place)):
        purge_requested(business.home, CONTRACTS, lambda _: None, lambda _: whose)
    damaged.unlink()
    table = place.split("/")[-1]
    [loaded] = business.home.loaded.glob(f"chain/{table}/*/delivered=2*")
    shutil.rmtree(loaded)
    run(business)
    assert traces(business.home) == {}
    assert len(read_registry(business.home).done) == 1
