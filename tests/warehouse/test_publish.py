"""An audited build becomes the version readers get; nothing else does."""

import hashlib
import os
import stat
from dataclasses import replace

import duckdb
import pytest
from made_by_hand import SECRET, TABLES, finished_build, publish_one, stamps

from orchestration.core.errors import RekindleError
from orchestration.project import DBT_PROJECT_DIR, Home
from orchestration.warehouse.builds import audit
from orchestration.warehouse.connections import connect_read_only
from orchestration.warehouse.publish import publish
from orchestration.warehouse.versions import connect_published, current_version, list_versions, verify


def test_readers_get_what_is_public_as_it_was_made_and_nothing_else(home):
    manifest = publish_one(home, 1, rows=5)
    with connect_published(home) as connection:
        found = connection.execute(
            "select table_schema || '.' || table_name, table_type from information_schema.tables order by 1"
        ).fetchall()
        assert found == [(name, "VIEW" if name == "serving.srv_member" else "BASE TABLE") for name in TABLES]
        rooms = "select schema_name from duckdb_schemas() where database_name = 'rekindle' and not internal"
        assert set(connection.execute(rooms).fetchall()) == {(name.partition(".")[0],) for name in TABLES}
        assert stamps(connection) == {manifest.build_id}


def test_the_comments_of_tables_views_and_columns_come_along(home):
    publish_one(home, 1)
    with connect_published(home) as connection:
        of_tables = (
            "select table_name, comment from duckdb_tables() where comment is not null "
            "union select view_name, comment from duckdb_views() where comment is not null order by 1"
        )
        assert connection.execute(of_tables).fetchall() == [
            ("dim_member", "One row per member; it's small."),
            ("srv_member", "One row per member, as BI sees it."),
        ]
        of_columns = (
            "select table_name, column_name, comment from duckdb_columns() "
            "where comment is not null order by table_name"
        )
        assert connection.execute(of_columns).fetchall() == [
            ("dim_member", "member_key", "The member."),
            ("srv_member", "member_key", "The member's key."),
        ]


def test_the_manifest_says_what_was_published(home):
    build = finished_build(home, 1, rows=5)
    rows = audit(build)
    manifest = publish(home, build, details=lambda: {"seconds": {"build": 1.5}})
    file = home.published_file.resolve()
    assert manifest == list_versions(home)[0].manifest
    assert (manifest.build_id, manifest.run_id, manifest.code_version) == (
        build.build_id,
        build.run_id,
        "c0de",
    )
    assert (manifest.as_of_date, manifest.as_of_dates) == (build.as_of_date, build.as_of_dates)
    assert manifest.rows == rows
    assert manifest.rooms()[-1][:3] == ("staging", 1, 1)
    assert set(manifest.room_bytes) <= {name.partition(".")[0] for name in TABLES}
    assert 0 < sum(manifest.room_bytes.values()) < manifest.bytes
    assert manifest.bytes == file.stat().st_size
    assert manifest.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert manifest.storage_version == "v1.0.0"
    assert manifest.details == {"seconds": {"build": 1.5}}
    assert verify(home) == []


def test_the_file_is_in_the_oldest_format_complete_and_read_only(home):
    publish_one(home, 1)
    file = home.published_file.resolve()
    assert sorted(path.name for path in file.parent.iterdir()) == ["manifest.json", "rekindle.duckdb"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o444
    # Bytes 12 to 19 of a DuckDB file are the number of its storage format; 64 is that of 0.9 to 1.1.
    assert int.from_bytes(file.read_bytes()[12:20], "little") == 64
    with duckdb.connect(str(home.published_file), read_only=True) as connection:
        tags = connection.execute("select tags from duckdb_databases() where database_name = 'rekindle'")
        assert tags.fetchall() == [({"storage_version": "v1.0.0+"},)]


def test_the_catalogs_name_differs_from_every_schema(home):
    folders = {folder.name for folder in (DBT_PROJECT_DIR / "models").iterdir()}
    assert home.published_file.stem not in {*folders, "seeds"}


def test_a_published_build_leaves_the_builds_folder(home):
    publish_one(home, 1)
    assert list(home.builds.iterdir()) == [home.development_warehouse.parent]


def test_three_versions_are_kept(home):
    ids = [publish_one(home, number).build_id for number in range(5)]
    assert [version.build_id for version in list_versions(home)] == ids[:1:-1]
    assert sorted(path.name for path in (home.serving / "builds").iterdir()) == ids[2:]


def test_a_home_that_was_moved_serves_on(home, tmp_path):
    manifest = publish_one(home, 1)
    assert not os.path.isabs(home.published_file.readlink())  # noqa: PTH117
    moved = Home(home.root.rename(tmp_path / "moved"))
    assert verify(moved) == []
    with connect_published(moved) as connection:
        assert stamps(connection) == {manifest.build_id}


def test_a_build_that_was_not_audited_is_refused(home):
    former = publish_one(home, 1)
    with pytest.raises(RekindleError, match="did not pass its audit"):
        publish(home, finished_build(home, 2))
    assert current_version(home) == former.build_id


def test_a_build_changed_after_its_audit_is_refused(home):
    build = finished_build(home, 1)
    audit(build)
    with duckdb.connect(str(build.file)) as connection:
        connection.execute("delete from core.dim_member where member_key = 1")
    with pytest.raises(RekindleError, match="changed after its audit"):
        publish(home, build)
    assert current_version(home) is None


def test_a_build_written_beside_after_its_audit_is_refused(home):
    build = finished_build(home, 1)
    audit(build)
    build.file.with_name("rekindle.duckdb.wal").write_bytes(b"left")
    with pytest.raises(RekindleError, match="changed after its audit"):
        publish(home, build)
    assert current_version(home) is None


def test_readers_get_the_audited_file_itself(home):
    build = finished_build(home, 1)
    audit(build)
    audited = build.file.stat().st_ino
    publish(home, build)
    assert home.published_file.stat().st_ino == audited


def test_what_is_not_public_never_lay_in_the_published_file(home):
    build = finished_build(home, 1)
    with connect_read_only(build.file) as connection:
        assert connection.execute("from intermediate.int_secret").fetchall() == [(SECRET,)]
    assert SECRET.encode() in build.file.with_name("working.duckdb").read_bytes()
    assert SECRET.encode() not in build.file.read_bytes()


def test_of_a_private_table_that_lay_in_the_file_no_block_is_left(home):
    build = finished_build(home, 1)
    with duckdb.connect(str(build.file)) as connection:
        connection.execute(f"create table seeds.words as select '{SECRET}' as word")
    assert SECRET.encode() in build.file.read_bytes()
    audit(build)
    publish(home, build)
    assert SECRET.encode() not in home.published_file.read_bytes()
    with connect_published(home) as connection:
        assert connection.execute("select count(*) from serving.srv_member").fetchone() == (100,)
        assert connection.execute("select free_blocks from pragma_database_size()").fetchone() == (0,)


def test_another_build_under_a_published_id_is_refused(home):
    publish_one(home, 1, rows=5)
    with pytest.raises(RekindleError, match="versions never change"):
        publish_one(home, 1, rows=6)
    assert verify(home) == []


def test_another_run_under_a_published_id_is_refused_though_it_has_as_many_rows(home):
    publish_one(home, 1)
    build = finished_build(home, 1)
    audit(build)
    with pytest.raises(RekindleError, match="versions never change"):
        publish(home, replace(build, run_id="00000001-other"))


def test_the_rows_stay_in_the_order_of_the_build(home):
    publish_one(home, 1, rows=200_000)
    with connect_published(home) as connection:
        disorder = "select count(*) from core.fct_order where order_id <> rowid"
        assert connection.execute(disorder).fetchall() == [(0,)]
