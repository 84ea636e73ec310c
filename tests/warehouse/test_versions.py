"""Versions can be listed, gone back to, checked and opened."""

import json
import shutil

import duckdb
import pytest
from made_by_hand import publish_one, stamps

from orchestration.warehouse.contents import faults_in_file
from orchestration.warehouse.versions import (
    NoSuchVersion,
    connect_published,
    current_version,
    list_versions,
    rollback,
    verify,
    version_file,
    version_folder,
)


def writable(path):
    path.chmod(0o644)
    return path


def execute(home, build_id, statement):
    """Change a published file, which nobody should."""
    with duckdb.connect(str(writable(version_file(home, build_id)))) as connection:
        connection.execute(statement)


def test_before_the_first_publication_everything_says_so(home):
    assert current_version(home) is None
    assert list_versions(home) == []
    assert verify(home) == [f"nothing is published: {home.published_file} is missing"]
    with pytest.raises(NoSuchVersion, match="build and publish first"):
        connect_published(home)
    with pytest.raises(NoSuchVersion, match="no published version yet"):
        rollback(home)


def test_versions_are_listed_newest_first_with_the_current_one_marked(home):
    first, second = publish_one(home, 2), publish_one(home, 1)
    assert [(version.build_id, version.current) for version in list_versions(home)] == [
        (second.build_id, True),
        (first.build_id, False),
    ]


def test_rollback_gives_readers_the_version_before(home):
    first, second = publish_one(home, 1), publish_one(home, 2)
    assert second.replaces == first.build_id
    assert rollback(home) == first
    with connect_published(home) as connection:
        assert stamps(connection) == {first.build_id}
    assert verify(home) == []


def test_rollback_twice_goes_two_versions_back_and_no_further(home):
    first, second, third = (publish_one(home, number) for number in (1, 2, 3))
    assert [rollback(home), rollback(home)] == [second, first]
    with pytest.raises(
        NoSuchVersion, match=f"before {first.build_id} is not kept .*{second.build_id}, {third.build_id}"
    ):
        rollback(home)
    assert current_version(home) == first.build_id


def test_a_version_left_by_a_rollback_is_not_gone_back_to_later(home):
    good, _bad = publish_one(home, 1), publish_one(home, 2)
    rollback(home)
    next_one = publish_one(home, 3)
    assert next_one.replaces == good.build_id
    assert rollback(home) == good


def test_what_is_kept_is_the_current_version_and_those_it_replaced(home):
    first, second, _bad = (publish_one(home, number).build_id for number in (1, 2, 3))
    rollback(home)
    fourth = publish_one(home, 4).build_id
    assert {version.build_id for version in list_versions(home)} == {first, second, fourth}


def test_rollback_to_a_named_version_also_goes_forward_again(home):
    _first, second = publish_one(home, 1), publish_one(home, 2)
    rollback(home)
    assert rollback(home, to=second.build_id) == second
    assert current_version(home) == second.build_id


def test_rollback_to_an_unknown_version_is_refused_with_those_kept(home):
    first = publish_one(home, 1)
    with pytest.raises(
        NoSuchVersion, match=f"no version 2020-01-01-0; kept are: {first.build_id}"
    ) as refused:
        rollback(home, to="2020-01-01-0")
    assert refused.value.exit_code == 1
    assert current_version(home) == first.build_id


@pytest.mark.parametrize("name", ["../../elsewhere", ".hidden", ""])
def test_a_name_that_is_no_versions_name_leads_nowhere(home, name):
    publish_one(home, 1)
    before = home.published_file.readlink()
    with pytest.raises(NoSuchVersion):
        rollback(home, to=name)
    assert home.published_file.readlink() == before


def test_rollback_to_a_damaged_version_is_refused(home):
    first, second = publish_one(home, 1), publish_one(home, 2)
    execute(home, first.build_id, "delete from core.dim_member")
    with pytest.raises(NoSuchVersion, match="damaged"):
        rollback(home)
    assert current_version(home) == second.build_id


def test_a_damaged_version_can_be_left_for_the_one_before(home):
    first, second = publish_one(home, 1), publish_one(home, 2)
    writable(version_file(home, second.build_id)).write_bytes(b"damaged")
    assert verify(home) != []
    assert rollback(home) == first
    assert verify(home) == []


def test_every_switch_is_noted_with_what_it_was_for(home):
    first, second = publish_one(home, 1).build_id, publish_one(home, 2).build_id
    rollback(home)
    notes = [json.loads(line) for line in (home.serving / "switches.jsonl").read_text().splitlines()]
    assert [(note["former"], note["current"], note["because"]) for note in notes] == [
        (None, first, "publication"),
        (first, second, "publication"),
        (second, first, "rollback"),
    ]


def test_verify_finds_nothing_wrong_with_any_kept_version(home):
    ids = [publish_one(home, number).build_id for number in (1, 2, 3)]
    assert [verify(home, build_id) for build_id in ids] == [[], [], []]


def test_verify_finds_one_flipped_byte_anywhere(home):
    build_id = publish_one(home, 1).build_id
    file = writable(version_file(home, build_id))
    content = file.read_bytes()
    for position in (5, len(content) // 2, len(content) - 1):
        damaged = bytearray(content)
        damaged[position] ^= 1
        file.write_bytes(damaged)
        assert any("sha256 differs" in fault for fault in verify(home)), position
    file.write_bytes(content)
    assert verify(home) == []


def test_verify_finds_a_file_cut_short(home):
    file = writable(version_file(home, publish_one(home, 1).build_id))
    file.write_bytes(file.read_bytes()[:-4096])
    assert any("bytes; its manifest says" in fault for fault in verify(home))


def test_verify_finds_a_missing_table(home):
    execute(home, publish_one(home, 1).build_id, "drop table core.fct_order")
    assert any("table core.fct_order is missing" in fault for fault in verify(home))


def test_verify_finds_a_table_nobody_published(home):
    execute(home, publish_one(home, 1).build_id, "create table core.dim_stray as select 1 as one")
    assert any("table core.dim_stray" in fault and "not in its manifest" in fault for fault in verify(home))


def test_verify_finds_a_changed_number_of_rows(home):
    execute(home, publish_one(home, 1).build_id, "delete from core.dim_member where member_key < 3")
    assert any("core.dim_member has 97 rows; its manifest says 100" in fault for fault in verify(home))


def test_verify_finds_a_wal_beside_the_file(home):
    file = version_file(home, publish_one(home, 1).build_id)
    file.with_name("rekindle.duckdb.wal").write_bytes(b"")
    assert any("rekindle.duckdb.wal lies beside" in fault for fault in verify(home))


def test_verify_finds_a_link_that_leads_nowhere(home):
    build_id = publish_one(home, 1).build_id
    shutil.rmtree(version_folder(home, build_id))
    assert verify(home) == [
        f"{home.published_file} points to builds/{build_id}/rekindle.duckdb, which is missing; "
        "roll back to a kept version"
    ]
    with pytest.raises(NoSuchVersion, match="does not lead to"):
        connect_published(home)


def test_verify_finds_a_link_to_something_that_is_no_version(home, tmp_path):
    publish_one(home, 1)
    home.published_file.unlink()
    home.published_file.symlink_to(tmp_path)
    assert ["is no version" in fault for fault in verify(home)] == [True]


def test_verify_finds_a_copy_in_the_place_of_the_link_and_publishing_mends_it(home):
    file = version_file(home, publish_one(home, 1).build_id)
    home.published_file.unlink()
    shutil.copy(file, home.published_file)
    assert ["a file of its own" in fault for fault in verify(home)] == [True]
    publish_one(home, 2)
    assert verify(home) == []


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"build_id": 1}'])
def test_verify_finds_a_manifest_that_cannot_be_read_and_others_are_still_listed(home, content):
    first, second = publish_one(home, 1), publish_one(home, 2)
    writable(version_folder(home, second.build_id) / "manifest.json").write_text(content)
    assert len(verify(home)) == 1
    assert [version.build_id for version in list_versions(home)] == [first.build_id]
    assert rollback(home, to=first.build_id) == first


def test_verify_finds_the_manifest_of_another_version(home):
    first, second = publish_one(home, 1).build_id, publish_one(home, 2).build_id
    target = writable(version_folder(home, second) / "manifest.json")
    shutil.copy(version_folder(home, first) / "manifest.json", target)
    assert any(f"the manifest of {second} is that of {first}" in fault for fault in verify(home))


def test_verify_of_a_version_that_is_not_there_says_which_are(home):
    first = publish_one(home, 1).build_id
    assert verify(home, "other") == [f"{home.serving} has no version other; kept are: {first}"]


def test_a_reader_cannot_write(home):
    publish_one(home, 1)
    with (
        connect_published(home) as connection,
        pytest.raises(duckdb.InvalidInputException, match="read-only"),
    ):
        connection.execute("delete from core.dim_member")


def test_a_reader_stays_on_its_version_while_it_is_open(home):
    first = publish_one(home, 1)
    with connect_published(home) as connection:
        for number in (2, 3, 4, 5):
            publish_one(home, number)
        assert stamps(connection) == {first.build_id}
    with connect_published(home) as connection:
        assert stamps(connection) != {first.build_id}


@pytest.mark.parametrize(("expected", "is_found"), [(99, True), (100, False), (101, True)])
def test_a_row_too_many_is_a_fault_like_one_too_few(home, expected, is_found):
    manifest = publish_one(home, 1, rows=100)
    told = [f"table core.dim_member has 100 rows; its manifest says {expected}"] if is_found else []
    rows = manifest.rows | {"core.dim_member": expected}
    assert faults_in_file(version_file(home, manifest.build_id), rows, manifest) == told
