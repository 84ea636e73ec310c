"""The index of seals: what is missing, changed or added is named, and one place of two may be lost."""

import json
import shutil
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest

from orchestration.core.errors import RekindleError
from orchestration.ledger.index import VOUCHED, entry_of, read_index, vouched
from orchestration.ledger.sealing import seal_published
from orchestration.ledger.seals import finish_sealing, proposals, seal, seals
from tests.killing import dies_before
from tests.ledger.test_seals import STAMPS, WEEK, warehouse

BEFORE = "wake_up/2025-12-22/v1"
NEWEST = "wake_up/2025-12-29/v1"


@pytest.fixture
def proposal(tmp_path):
    [found] = proposals(warehouse(tmp_path))
    return found


@pytest.fixture
def sealed(home, proposal):
    """Two weeks, sealed one after the other."""
    earlier = replace(proposal, campaign_week=WEEK - timedelta(weeks=1))
    return [seal(home, each, **STAMPS) for each in (earlier, proposal)]


def changed(file, old, new):
    file.chmod(0o644)
    file.write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def vouch(monkeypatch, home):
    """Let a published version be of this moment."""
    told = SimpleNamespace(
        build_id="2025-12-28-1", manifest=SimpleNamespace(details={VOUCHED: vouched(home)})
    )
    monkeypatch.setattr("orchestration.ledger.index.list_versions", lambda _: [told])


def test_every_seal_is_noted_in_both_places_with_the_hash_of_the_one_before(home, sealed):
    first, second = (place.read_text(encoding="utf-8") for place in home.seal_indexes)
    assert first == second
    assert [json.loads(line)["seal"] for line in first.splitlines()] == [BEFORE, NEWEST]
    assert [json.loads(line)["former"] == "" for line in first.splitlines()] == [True, False]
    assert seals(home) == sealed


@pytest.mark.parametrize(
    ("lost", "named"),
    [
        (f"{NEWEST}/manifest.json", [NEWEST]),
        (NEWEST, [NEWEST]),
        ("wake_up/2025-12-22", [BEFORE]),
        ("wake_up", [BEFORE, NEWEST]),
        (".", [BEFORE, NEWEST]),
    ],
)
def test_what_is_missing_is_named_whatever_is_left_of_it(home, sealed, lost, named):
    path = home.ledger / lost
    path.unlink() if path.is_file() else shutil.rmtree(path)
    with pytest.raises(RekindleError) as refused:
        seals(home)
    assert [
        name for name in (BEFORE, NEWEST) if f"{name}/manifest.json is missing" in str(refused.value)
    ] == named
    assert "Bring the files back from a copy" in str(refused.value)


def test_a_week_that_the_ledger_lost_is_not_decided_anew(home, sealed, tmp_path, monkeypatch):
    shutil.rmtree(home.ledger / "wake_up" / "2025-12-29")
    monkeypatch.setattr("orchestration.ledger.sealing.current_version", lambda _: "2025-12-28-1")
    monkeypatch.setattr(
        "orchestration.ledger.sealing.read_manifest", lambda *_: SimpleNamespace(code_version="c0de")
    )
    monkeypatch.setattr(
        "orchestration.ledger.sealing.version_file", lambda *_: warehouse(tmp_path, members=9)
    )
    with pytest.raises(RekindleError, match=f"{NEWEST}/manifest.json is missing"):
        seal_published(home, WEEK)
    [other] = proposals(warehouse(tmp_path, members=9))
    with pytest.raises(RekindleError, match="was sealed before, with other content"):
        seal(home, other, **STAMPS)
    assert not list(home.ledger.glob("*/2025-12-29/*"))


def test_a_seal_that_was_added_by_hand_is_named(home, sealed):
    shutil.copytree(home.ledger / BEFORE, home.ledger / "wake_up" / "2025-12-15" / "v1")
    with pytest.raises(RekindleError, match="2025-12-15/v1 was added by hand"):
        seals(home)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"included": 2', '"included": 3', "manifest.json was changed after it was sealed"),
        ('"reason": ""', '"reason": "late orders"', "manifest.json was changed after it was sealed"),
        ('"erased": 0', '"erased": 1', "manifest.json was changed, and no erasure explains it"),
        ('"sha256"', '"hash"', "manifest.json is damaged: it is not the manifest of a seal"),
        ('"version": 1', '"version": [', "manifest.json is damaged: it is no whole JSON object"),
    ],
)
def test_a_changed_manifest_is_named(home, sealed, old, new, said):
    changed(home.ledger / NEWEST / "manifest.json", old, new)
    with pytest.raises(RekindleError, match=said):
        seals(home)


@pytest.mark.parametrize("place", [0, 1])
def test_one_place_may_be_lost_or_old_and_the_next_sealing_writes_it_anew(home, sealed, proposal, place):
    lost, kept = home.seal_indexes[place], home.seal_indexes[1 - place]
    lost.unlink()
    assert seals(home) == sealed
    lost.write_text(kept.read_text(encoding="utf-8").splitlines(keepends=True)[0], encoding="utf-8")
    assert seals(home) == sealed
    shutil.rmtree(home.ledger / NEWEST)
    with pytest.raises(RekindleError, match=f"{NEWEST}/manifest.json is missing"):
        seals(home)


def test_the_next_build_or_sealing_brings_both_places_to_the_same(home, sealed, proposal):
    home.seal_indexes[0].unlink()
    finish_sealing(home)
    assert home.seal_indexes[0].read_bytes() == home.seal_indexes[1].read_bytes()
    home.seal_indexes[1].unlink()
    seal(home, replace(proposal, campaign="another"), **STAMPS)
    assert home.seal_indexes[0].read_bytes() == home.seal_indexes[1].read_bytes()
    assert len(read_index(home)) == 3


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-20],
        lambda text: text.replace("2025-12-22", "2025-12-15"),
        lambda text: "".join(reversed(text.splitlines(keepends=True))),
        lambda text: text.splitlines(keepends=True)[1],
        lambda text: "[]\n",
        lambda text: "\x00garbled",
    ],
)
def test_a_damaged_place_is_named_and_is_written_anew_once_it_is_removed(home, sealed, damage, place):
    file = home.seal_indexes[place]
    file.write_text(damage(file.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(RekindleError, match=f"{file} is damaged in line [12]"):
        seals(home)
    file.unlink()
    assert seals(home) == sealed


def test_two_places_that_tell_of_different_seals_are_named(home, sealed):
    whole = home.seal_indexes[1].read_bytes()
    former = home.seal_indexes[0].read_text(encoding="utf-8").splitlines(keepends=True)[0]
    shutil.rmtree(home.ledger / NEWEST)
    for place in home.seal_indexes:
        place.write_text(former, encoding="utf-8")
    [only] = seals(home)
    seal(home, proposals_of_another(only, home), **STAMPS)
    home.seal_indexes[1].write_bytes(whole)
    with pytest.raises(RekindleError, match="tell of different seals"):
        seals(home)


def proposals_of_another(sealed, home):
    """A third week, proposed with the rows of the first."""
    [found] = proposals(warehouse(home.root))
    return replace(found, campaign_week=sealed.campaign_week - timedelta(weeks=1))


def test_what_a_published_version_vouches_for_is_missed_in_both_places(home, sealed, monkeypatch):
    vouch(monkeypatch, home)
    assert seals(home) == sealed
    for place in home.seal_indexes:
        place.write_text(place.read_text(encoding="utf-8").splitlines(keepends=True)[0], encoding="utf-8")
    with pytest.raises(RekindleError, match=r"when 2 seals were made, and .* \(they name 1\)"):
        seals(home)
    for place in home.seal_indexes:
        place.unlink()
    with pytest.raises(RekindleError, match=r"when 2 seals were made, and .* \(they name 0\)"):
        finish_sealing(home)


def test_a_home_from_before_the_index_is_taken_over_once_and_from_then_on_misses_what_is_lost(home, sealed):
    for place in home.seal_indexes:
        place.unlink()
    # A manifest of those days: it names no rules, and no erasure.
    manifest = home.ledger / BEFORE / "manifest.json"
    told = json.loads(manifest.read_text(encoding="utf-8"))
    manifest.chmod(0o644)
    manifest.write_text(json.dumps({name: told[name] for name in told.keys() - {"rules", "erased"}}))
    assert seals(home) == sealed
    assert read_index(home) is None
    finish_sealing(home)
    assert [(each.seal, each.is_taken_over) for each in read_index(home)] == [(BEFORE, True), (NEWEST, True)]
    finish_sealing(home)
    assert seals(home) == sealed
    shutil.rmtree(home.ledger / "wake_up")
    with pytest.raises(RekindleError, match=f"{BEFORE}/manifest.json is missing"):
        seals(home)


def test_a_ledger_that_is_not_as_sealed_is_not_taken_over(home, sealed):
    for place in home.seal_indexes:
        place.unlink()
    (home.ledger / NEWEST / "touches.parquet").unlink()
    with pytest.raises(RekindleError, match=r"touches\.parquet is missing"):
        finish_sealing(home)
    assert read_index(home) is None


def sealed_by_the_next_command(home, proposal):
    """What whoever holds the lock does: bring out what was noted, seal what is not sealed."""
    finish_sealing(home)
    if proposal.campaign_week not in {each.campaign_week for each in seals(home)}:
        seal(home, proposal, **STAMPS)


def test_whoever_is_killed_between_a_seal_and_its_index_leaves_what_the_next_command_finishes(home, proposal):
    fatal_step, met = 1, set()
    while dies_before(fatal_step, sealed_by_the_next_command, home, proposal):
        noted, there = read_index(home), seals(home)
        met.add((noted is not None, len(there), *(place.exists() for place in home.seal_indexes)))
        sealed_by_the_next_command(home, proposal)
        [made] = seals(home)
        assert read_index(home) == [entry_of(NEWEST, made.as_json())]
        assert not list(home.ledger.glob("*/*/.*"))
        assert home.seal_indexes[0].read_bytes() == home.seal_indexes[1].read_bytes()
        shutil.rmtree(home.ledger)
        shutil.rmtree(home.serving)
        fatal_step += 1
    assert {(False, 0, False, False), (True, 0, True, False), (True, 0, True, True)} <= met


def test_a_disk_that_fills_between_both_places_loses_no_seal(home, proposal, monkeypatch):
    def full(target, content):
        if target == home.seal_indexes[1]:
            raise OSError(28, "No space left on device")
        target.write_bytes(content)

    with monkeypatch.context() as patch:
        patch.setattr("orchestration.ledger.index.write_file", full)
        with pytest.raises(OSError, match="No space left"):
            seal(home, proposal, **STAMPS)
    assert seals(home) == []
    finish_sealing(home)
    assert [each.campaign for each in seals(home)] == ["wake_up"]
