"""A home of an earlier version keeps what was decided, under today's names."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.core.errors import RekindleError
from orchestration.own_tables import provide_own_tables, read_own_table, schema_of
from orchestration.warehouse.lock import hold_build_lock
from tests.killing import dies_before

DECISION = {field.name: None for field in schema_of("experiment_decisions")} | {
    "experiment": "second_order_test", "verdict": "win",
}  # fmt: skip


@pytest.fixture
def former(home):
    """The home as that version left it."""
    control = home.loaded / "control"
    control.mkdir(parents=True)
    decisions = pa.Table.from_pylist([DECISION], schema=schema_of("experiment_decisions"))
    pq.write_table(decisions, control / "experiment_decisions.parquet")
    held = home.root / "held" / "chain" / "orders" / "delivered=2025-12-28"
    held.mkdir(parents=True)
    (held / "held.parquet").write_bytes(b"rows")
    return home


def take_lock(home):
    with hold_build_lock(home, "building"):
        pass


def adopted(home):
    return (
        read_own_table(home, "experiment_decisions") == [DECISION]
        and (home.quarantine / "chain/orders/delivered=2025-12-28/held.parquet").exists()
        and not (home.loaded / "control").exists()
        and not (home.root / "held").exists()
    )


def test_the_first_to_take_the_lock_gives_folders_todays_names(former):
    take_lock(former)
    assert adopted(former)
    take_lock(former)
    assert adopted(former)


def test_killed_before_any_step_the_next_one_goes_on(former):
    fatal_step = 1
    while dies_before(fatal_step, take_lock, former):
        fatal_step += 1
    assert fatal_step > 3
    assert adopted(former)


def test_a_home_that_started_over_beside_the_former_folder_is_refused_and_left_alone(former):
    provide_own_tables(former)
    with pytest.raises(RekindleError, match=r"control is of an earlier version .* has taken its place"):
        take_lock(former)
    assert (former.loaded / "control" / "experiment_decisions.parquet").exists()
    assert (former.root / "held").exists()
    with pytest.raises(RekindleError, match="earlier version"):
        take_lock(former)


def test_a_home_of_today_is_left_as_it_is(home):
    provide_own_tables(home)
    before = {file: file.read_bytes() for file in home.own_tables.rglob("*.parquet")}
    take_lock(home)
    assert {file: file.read_bytes() for file in home.own_tables.rglob("*.parquet")} == before


def with_tables_of_the_last_build(home):
    """As the version before left them: among the home's own tables, of one build after the other."""
    (home.own_tables / "sealed_decisions").mkdir(parents=True)
    for name in ("builds", "as_of_dates", "sealed_decisions/wake_up__2025-12-29__v1", "loads"):
        pq.write_table(pa.table({"any": [1]}), home.own_tables / f"{name}.parquet")
    return home


def test_what_was_written_for_one_build_leaves_the_homes_own_tables(home):
    take_lock(with_tables_of_the_last_build(home))
    assert [file.name for file in home.own_tables.iterdir()] == ["loads.parquet"]


def test_killed_while_it_leaves_the_next_one_goes_on(home):
    with_tables_of_the_last_build(home)
    fatal_step = 1
    while dies_before(fatal_step, take_lock, home):
        fatal_step += 1
    assert fatal_step > 3
    assert [file.name for file in home.own_tables.iterdir()] == ["loads.parquet"]
