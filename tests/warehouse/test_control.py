"""The small tables Python writes for dbt."""

from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from made_by_hand import AS_OF, finished_build

from orchestration.warehouse import control
from orchestration.warehouse.control import write_as_of_dates, write_control


def test_as_of_dates_are_dates_each_once_oldest_first(home):
    write_as_of_dates(home, [date(2025, 12, 28), date(2025, 12, 21), date(2025, 12, 28)])
    table = pq.read_table(home.control / "as_of_dates.parquet")
    assert table.schema.field("as_of_date").type == pa.date32()
    assert table.column("as_of_date").to_pylist() == [date(2025, 12, 21), date(2025, 12, 28)]


def test_a_build_that_starts_is_the_one_row_of_builds(home):
    finished_build(home, 1)
    build = finished_build(home, 2)
    assert pq.read_table(home.control / "builds.parquet").to_pylist() == [
        {"build_id": build.build_id, "as_of_date": AS_OF, "code_version": "c0de"}
    ]
    assert pq.read_table(home.control / "as_of_dates.parquet").num_rows == 1


def test_a_write_that_fails_leaves_the_former_table_and_no_litter(home, monkeypatch):
    write_control(home, "loads", pa.table({"number": [1]}))

    def half_written(table, path):
        path.write_bytes(b"PAR1 half")
        raise OSError("no space left on device")

    monkeypatch.setattr(control.pq, "write_table", half_written)
    with pytest.raises(OSError, match="no space"):
        write_control(home, "loads", pa.table({"number": [2]}))
    monkeypatch.undo()
    assert [file.name for file in home.control.iterdir()] == ["loads.parquet"]
    assert pq.read_table(home.control / "loads.parquet").to_pylist() == [{"number": 1}]
