"""Readers never go back in time by themselves; a file of another date is refused wherever it is looked at."""

import json
import shutil
from datetime import date

import duckdb
import pytest
from made_by_hand import AS_OF, finished_build, publish_one

from orchestration.core.errors import RekindleError
from orchestration.files import sha256_of
from orchestration.project import Home
from orchestration.warehouse.asked_dates import (
    given_up_dates,
    note_asked,
    note_given_up,
    note_published,
    open_dates,
)
from orchestration.warehouse.builds import (
    AlreadyPublished,
    audit,
    file_state,
    unpublished_builds,
    waiting_build,
)
from orchestration.warehouse.publish import publish
from orchestration.warehouse.versions import (
    NoSuchVersion,
    current_version,
    list_versions,
    rollback,
    told_aside,
    verify,
    version_file,
    version_folder,
)

EARLIER, LATER = date(2025, 12, 20), date(2025, 12, 31)


def kept(home):
    return {version.build_id for version in list_versions(home)}


def test_a_version_of_an_earlier_date_is_kept_beside_and_readers_stay(home):
    newest = publish_one(home, 1)
    older = publish_one(home, 2, as_of=EARLIER)
    assert older.is_aside
    assert current_version(home) == newest.build_id
    assert kept(home) == {newest.build_id, older.build_id}
    assert verify(home, older.build_id) == []
    assert list(home.builds.glob("2*")) == []
    assert f"rekindle rollback --to {older.build_id}" in told_aside(older, newest.build_id)


@pytest.mark.parametrize("as_of", [AS_OF, LATER])
def test_the_same_date_again_and_a_later_one_are_switched_to(home, as_of):
    publish_one(home, 1)
    again = publish_one(home, 2, as_of=as_of)
    assert (again.is_aside, current_version(home)) == (False, again.build_id)


def test_an_earlier_date_is_switched_to_by_rollback_and_left_again(home):
    newest = publish_one(home, 1)
    older = publish_one(home, 2, as_of=EARLIER)
    assert rollback(home, older.build_id) == older
    assert current_version(home) == older.build_id
    assert rollback(home) == newest


def test_an_earlier_date_is_switched_to_by_a_publication_that_means_it(home):
    publish_one(home, 1)
    build = finished_build(home, 2, as_of=EARLIER)
    audit(build)
    assert not publish(home, build, whatever_its_date=True).is_aside
    assert current_version(home) == build.build_id


def test_three_versions_kept_beside_stay_and_cost_readers_none_of_theirs(home):
    read = [publish_one(home, number).build_id for number in range(4)]
    aside = [publish_one(home, number, as_of=date(2025, 12, number)).build_id for number in range(10, 14)]
    assert kept(home) == {*read[1:], *aside[1:]}
    assert current_version(home) == read[-1]


def test_where_the_clock_was_set_back_what_was_just_written_stays(home):
    publish_one(home, 0)
    aside = [publish_one(home, number, as_of=EARLIER).build_id for number in range(1, 4)]
    for number, build_id in enumerate(aside):
        manifest = version_folder(home, build_id) / "manifest.json"
        manifest.chmod(0o644)
        noted = json.loads(manifest.read_text()) | {"published_at": f"2099-01-0{number + 1}T00:00:00+00:00"}
        manifest.write_text(json.dumps(noted))
    last = publish_one(home, 4, as_of=EARLIER).build_id
    assert last in kept(home)


def test_readers_whose_version_cannot_be_read_get_any_whole_one(home):
    broken = publish_one(home, 1).build_id
    manifest = version_folder(home, broken) / "manifest.json"
    manifest.chmod(0o644)
    manifest.write_text("{")
    assert current_version(home) == broken
    assert publish_one(home, 2, as_of=EARLIER).build_id == current_version(home)


# --- dates asked for


def test_a_date_is_open_from_when_it_is_asked_for_until_a_version_is_written_also_beside(home):
    publish_one(home, 1)
    note_asked(home, [EARLIER, LATER])
    assert open_dates(home) == {EARLIER, LATER}
    publish_one(home, 2, as_of=EARLIER)
    assert open_dates(home) == {LATER}


def test_a_date_that_was_given_up_stays_so_until_it_is_published_all_the_same(home):
    note_given_up(home, EARLIER, "the tills were closed")
    note_asked(home, [EARLIER])
    assert (open_dates(home), given_up_dates(home)) == (set(), {EARLIER: "the tills were closed"})
    publish_one(home, 1, as_of=EARLIER)
    assert given_up_dates(home) == {}


def test_a_date_that_was_never_asked_for_can_be_published(home):
    note_published(home, EARLIER)
    assert open_dates(home) == set()


# --- publishing again


def test_publishing_again_says_what_is_published_and_what_readers_get(home):
    newest = publish_one(home, 1).build_id
    with pytest.raises(AlreadyPublished, match=rf"{newest} .as of 2025-12-28. is published; nothing waits"):
        waiting_build(home)
    older = publish_one(home, 2, as_of=EARLIER).build_id
    for asked in ({"build_id": older}, {"as_of_date": EARLIER}):
        with pytest.raises(AlreadyPublished, match=rf"{older} .* Readers get {newest}\."):
            waiting_build(home, **asked)


def test_a_build_that_failed_is_refused_with_what_readers_have(home):
    newest = publish_one(home, 1).build_id
    failed = finished_build(home, 2)
    with pytest.raises(RekindleError, match=rf"did not pass its audit .* Readers get {newest}\."):
        publish(home, waiting_build(home))
    finished_build(home, 3)
    with pytest.raises(RekindleError, match=rf"{failed.build_id}.* build again. Readers get {newest}\."):
        waiting_build(home)


def test_a_finished_version_that_was_damaged_before_the_switch_is_not_switched_to(home):
    former = publish_one(home, 1).build_id
    build = finished_build(home, 2)
    audit(build)
    rollback_of = publish(home, build)
    again = finished_build(home, 2)
    audit(again)
    rollback(home, former)
    file = version_file(home, rollback_of.build_id)
    file.chmod(0o644)
    with duckdb.connect(str(file)) as connection:
        connection.execute("update core.dim_member set stamp = 'another'")
    with pytest.raises(RekindleError, match="is damaged; build again"):
        publish(home, again)
    assert current_version(home) == former


# --- the content of another date

PLANTED = {
    "another build": "update staging.stg_rekindle__builds set build_id = '2025-12-20-00000009'",
    "another date of the same build": "update staging.stg_rekindle__builds set as_of_date = '2025-12-20'",
    "no build": "delete from staging.stg_rekindle__builds",
    "two builds": "insert into staging.stg_rekindle__builds values ('x', 'another', '2025-12-20')",
    "other days": "update core.dim_as_of_date set as_of_date = '2025-12-20'",
    "a day too many": "insert into core.dim_as_of_date values ('x', '2025-12-27')",
    "a day too few": "delete from core.dim_as_of_date",
    "states of an earlier day": "update marts.member_lifecycle set as_of_date = '2025-12-20'",
    "a state of a later day": "insert into marts.member_lifecycle values ('x', '2025-12-31')",
}


def planted(file, statement):
    """The statement run on a file, whose times and permissions stay as they were."""
    file.chmod(0o644)
    with duckdb.connect(str(file)) as connection:
        connection.execute(statement)


@pytest.fixture(scope="module")
def made_once(tmp_path_factory):
    """Three homes to copy: with a build, with a version and an audited build, with two versions."""
    root = tmp_path_factory.mktemp("made_once")
    finished_build(Home(root / "built"), 1)
    publish_one(Home(root / "audited"), 1)
    audit(finished_build(Home(root / "audited"), 2))
    for number in (1, 2):
        publish_one(Home(root / "published"), number)
    return root


@pytest.fixture
def copied(made_once, tmp_path):
    """One of these homes, to plant a fault in."""

    def copy(name):
        return Home(shutil.copytree(made_once / name, tmp_path / name, symlinks=True))

    return copy


@pytest.mark.parametrize("statement", PLANTED.values(), ids=PLANTED)
def test_an_audit_refuses_the_content_of_another_date(copied, statement):
    [build] = unpublished_builds(copied("built"))
    planted(build.file, statement)
    with pytest.raises(RekindleError, match=r"holds another (build|day).*\n?.*build 2025-12-28 anew"):
        audit(build)
    assert not build.audit_file.exists()


@pytest.mark.parametrize("statement", PLANTED.values(), ids=PLANTED)
def test_a_publication_refuses_it_under_an_audit_that_looks_right(copied, statement):
    home = copied("audited")
    former, build = current_version(home), waiting_build(home)
    planted(build.file, statement)
    noted = json.loads(build.audit_file.read_text()) | {"file": file_state(build.file)}
    with duckdb.connect(str(build.file)) as connection:
        for table in noted["rows"]:
            [(noted["rows"][table],)] = connection.execute(f"select count(*) from {table}").fetchall()
    noted["file"] = file_state(build.file)
    build.audit_file.write_text(json.dumps(noted))
    with pytest.raises(RekindleError, match=r"holds another (build|day)"):
        publish(home, build)
    assert current_version(home) == former


@pytest.mark.parametrize("statement", PLANTED.values(), ids=PLANTED)
def test_verify_finds_it_under_a_manifest_that_looks_right(copied, statement):
    home = copied("published")
    second, first = (version.build_id for version in list_versions(home))
    file, manifest = version_file(home, second), version_folder(home, second) / "manifest.json"
    planted(file, statement)
    manifest.chmod(0o644)
    noted = json.loads(manifest.read_text()) | {"bytes": file.stat().st_size, "sha256": sha256_of(file)}
    with duckdb.connect(str(file), read_only=True) as connection:
        for table in noted["rows"]:
            [(noted["rows"][table],)] = connection.execute(f"select count(*) from {table}").fetchall()
    manifest.write_text(json.dumps(noted))
    assert ["holds another" in fault for fault in verify(home)] != []
    assert all("holds another" in fault for fault in verify(home))
    rollback(home, first)
    with pytest.raises(NoSuchVersion, match=r"is damaged.*holds another"):
        rollback(home, second)


@pytest.mark.parametrize("damaged", ["", "{", "[]", '"'])
def test_a_damaged_note_of_a_date_is_a_sentence(home, damaged):
    note_asked(home, [AS_OF])
    file = home.asked_dates / f"{AS_OF}.json"
    file.write_text(damaged)
    with pytest.raises(RekindleError, match=f"{file} is damaged.*Remove it"):
        open_dates(home)
