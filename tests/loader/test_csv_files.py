"""CSV files as shops have them: what is read, what is a row's fault, what the file's, and in which line."""

from __future__ import annotations

import csv
import io

import duckdb
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.csv_files.cells import CsvFault, encoding_guess
from orchestration.csv_files.copying import FAULT_COLUMN, SURPLUS_COLUMN, copy_csv

SECRET_NAME = "Zyx Confidential"


@pytest.fixture(scope="module")
def connection():
    with duckdb.connect() as connection:
        yield connection


@pytest.fixture
def copied(tmp_path, connection):
    """Reads a file's content; returns what was found and its rows, the fault as the last cell."""

    def copy(content: bytes):
        path, target = tmp_path / "a[1]'s.csv", tmp_path / "copy[1].parquet"
        path.write_bytes(content)
        told = copy_csv(path, target, connection)
        table = pq.read_table(target)
        surplus = table.column_names.index(SURPLUS_COLUMN) if SURPLUS_COLUMN in table.column_names else None
        table = table if surplus is None else table.remove_column(surplus)
        rows = list(zip(*(table[name].to_pylist() for name in table.column_names), strict=True))
        if FAULT_COLUMN not in table.column_names:
            rows = [(*row, None) for row in rows]
        assert told.rows == len(rows)
        return told, rows

    return copy


ONE_TWO = [("1", "x", None), ("2", "y", None)]


@pytest.mark.parametrize(
    "content",
    [
        b"a,b\n1,x\n2,y\n",
        b"a,b\n1,x\n2,y",
        b"a,b\r\n1,x\r\n2,y\r\n",
        b"a,b\r1,x\r2,y\r",
        b"a,b\n1,x\r\n2,y\n",
        b"a,b\r\n1,x\n2,y\r\n",
        b"a,b\n1,x\r2,y\n",
        b"a,b\r\r\n1,x\r\r\n2,y\r\r\n",
        b"a,b\n\n1,x\n   \n\n2,y\n\n",
        b"\xef\xbb\xbfa,b\r\n1,x\r\n2,y\r\n",
        b'\xef\xbb\xbf"a","b"\n"1","x"\n"2","y"\n',
    ],
)
def test_line_ends_blank_lines_and_a_byte_order_mark_change_nothing(copied, content):
    told, rows = copied(content)
    assert rows == ONE_TWO
    assert told.note is None


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_cells_keep_their_commas_quotes_and_line_breaks(copied, end):
    content = end.join(["a,b", '"1,5","x ""y"""', '"two\nlines",', ""])
    assert copied(content.encode())[1] == [("1,5", 'x "y"', None), ("two\nlines", None, None)]


@pytest.mark.parametrize("length", [200_000, 3_000_000])
def test_a_long_cell_is_read_whole(copied, length):
    _, rows = copied(b"a,b\n1," + b"x" * length + b"\n2,y\n")
    assert [len(cell) for _, cell, _ in rows] == [length, 1]


def test_a_long_cell_is_read_whole_whatever_limit_others_in_the_process_set(copied):
    limit = csv.field_size_limit(1_000)
    try:
        _, rows = copied(b"a,b\n1," + b"x" * 3_000_000 + b"\n2\n")
    finally:
        csv.field_size_limit(limit)
    assert [len(cell or "") for _, cell, _ in rows] == [3_000_000, 0]


@pytest.mark.parametrize(
    ("row", "cells", "fault"),
    [
        ("3", ("3", None, None), "has 1 cell, the header names 3"),
        ("3,z", ("3", "z", None), "has 2 cells, the header names 3"),
        ("3,z,w,v", ("3", "z", "w"), "has 4 cells, the header names 3"),
        # A comma too many elsewhere, and an empty last cell: nobody may read the others one place further.
        ("3,,z,", ("3", None, "z"), "has 4 cells, the header names 3"),
        ('3,"z,z",w,', ("3", "z,z", "w"), "has 4 cells, the header names 3"),
        ("a,b,c", ("a", "b", "c"), "repeats the header"),
        ("\ufeffa,b,c", ("\ufeffa", "b", "c"), "repeats the header"),
        ('3, "z,z",w', ("3", ' "z', 'z"'), "has 4 cells, the header names 3"),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_row_that_does_not_fit_is_at_fault_alone(copied, row, cells, fault, end):
    if row == '3, "z,z",w':
        # The engine alone would take such a blank away; row by row it is no quoted cell.
        row += end + "4,z"
    lines = ["a,b,c", "1,x,u", '"2\n2",y,v', row, "9,z,w", ""]
    told, rows = copied(end.join(lines).encode())
    assert rows[:2] == [("1", "x", "u", None), ("2\n2", "y", "v", None)]
    assert rows[2] == (*cells, fault)
    assert rows[-1] == ("9", "z", "w", None)
    assert told.lines[0] == 5
    assert fault in told.faults


def test_cells_that_no_column_is_for_are_kept_beside_the_row(tmp_path, connection):
    (tmp_path / "a.csv").write_bytes(b"a,b\n1,2,3,4\n5,6\n7,8,\n")
    copy_csv(tmp_path / "a.csv", tmp_path / "a.parquet", connection)
    assert pq.read_table(tmp_path / "a.parquet")[SURPLUS_COLUMN].to_pylist() == ["34", None, None]


def test_of_many_rows_that_do_not_fit_the_first_lines_are_named(copied):
    told, rows = copied(b"a,b\n" + b"1,2\n1\n" * 40)
    assert len(rows) == 80
    assert (
        told.note == "40 rows do not fit the header and go to quarantine; look at lines 3, 5, 7, 9, 11, ..."
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"\n\na,b\n1,2\n", "has a blank first line"),
        (b"a,,c\n1,2,3\n", "column 2 has no name"),
        (b"a,b,\n1,2,\n", "column 3 has no name"),
        (b"a,b,A\n", "names a column twice: columns 1 and 3"),
        (b"a,a \n", "names a column twice: columns 1 and 2"),
        (b"a;b;c, d\n1;2;3\n", "separated by semicolons"),
        (b"a\tb\n1\t2\n", "separated by tabs"),
        (b"sep=;\na;b\n1;2\n", "Excel's line 'sep='"),
        ("a，b\n1，2\n".encode(), "separated by full-width commas"),
        (b"PK\x03\x04rest", "is an Excel or zip file"),
        (b"\x1f\x8b\x08rest", "name it .csv.gz"),
        (b"PAR1rest", "name it .parquet"),
        (f'a,b\n1,2\n3,"{SECRET_NAME}\n5,6\n'.encode(), "a quote is not closed, or one "
         "inside a cell not doubled, in the row that begins in line 3"),
        (f'a,b\n1,2\n3,"{SECRET_NAME}" x\n5,6\n'.encode(), "in the row that begins in line 3"),
        (f"a,b\n1,{SECRET_NAME}\n3,\0\n".encode(), "holds a NUL byte in line 3"),
        ("a,b\n1,2\n3,René\n".encode("latin-1"), "is not UTF-8, first in line 3; it looks like Windows-1252"),
        ("a,b\n3,René".encode("latin-1"), "is not UTF-8, first in line 2; it looks like Windows-1252"),
        ("a,b\n1,2\n3,李伟\n".encode("gbk"), "is not UTF-8, first in line 3; it looks like GBK"),
        ("a,b\n3,李伟\n".encode("utf-16"), "it looks like UTF-16"),
        ("a,b\n3,x\n".encode("utf-16-le"), "it looks like UTF-16"),
        ("a,b\n3,李伟\n".encode("utf-16-be"), "it looks like UTF-16"),
        ("a,b\n3,李伟".encode()[:-1], "ends in the middle of a character"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_such_csv_is_told_by_reason_and_line_without_quoting_it(copied, content, words):
    with pytest.raises(CsvFault) as error:
        copied(content)
    assert words in str(error.value)
    assert SECRET_NAME not in str(error.value)


@pytest.mark.parametrize(
    ("text", "encoding", "guess"),
    [
        ("Müller,Zoë,Straße,Ærø,naïve", "cp1252", "cp1252"),
        ("José Pérez;5 €", "cp1252", "cp1252"),
        ("Müller", "cp1252", "cp1252"),
        ("Größe,Müller,Straße", "cp1252", "cp1252"),
        ("René", "cp1252", "cp1252"),
        ("李伟,北京市朝阳区,已完成", "gbk", "gb18030"),
        ("1,王芳,镕㐀", "gb18030", "gb18030"),
        ("Привет мир,ещё", "cp1251", None),
    ],
)
def test_the_encoding_is_named_where_it_is_known(text, encoding, guess):
    assert encoding_guess(text.encode(encoding)) == guess


def test_a_long_file_with_one_row_that_does_not_fit_is_read_to_its_end(copied):
    """The engine fails when it has written much of the copy; waiting for itself, it would never say so."""
    told, rows = copied(b"a,b\n" + b"1,x\n" * 250_000 + b"2\n")
    assert told.lines == (250_002,)
    assert rows[-2:] == [("1", "x", None), ("2", None, "has 1 cell, the header names 2")]


CELL = st.text(alphabet='a, "\n', max_size=4).filter(lambda cell: not cell.startswith(" "))


@settings(max_examples=60)
@given(
    rows=st.lists(st.lists(CELL, min_size=1, max_size=4), max_size=6),
    ends=st.lists(st.sampled_from(["\n", "\r\n"]), min_size=1, max_size=2),
)
def test_whatever_is_written_is_read_or_at_fault_and_none_is_lost(tmp_path_factory, connection, rows, ends):
    """Against a writer of CSV: rows of two cells come back, all others are at fault, in their places."""
    written = ["a,b"]
    for row in rows:
        line = io.StringIO()
        csv.writer(line, lineterminator="", quoting=csv.QUOTE_ALL).writerow(row)
        written.append(line.getvalue())
    content = "".join(line + ends[number % len(ends)] for number, line in enumerate(written))
    folder = tmp_path_factory.mktemp("written")
    (folder / "x.csv").write_bytes(content.encode())
    copy_csv(folder / "x.csv", folder / "x.parquet", connection)
    table = pq.read_table(folder / "x.parquet")
    faults = (
        table[FAULT_COLUMN].to_pylist() if FAULT_COLUMN in table.column_names else [None] * table.num_rows
    )
    read = list(zip(table["a"].to_pylist(), table["b"].to_pylist(), strict=True))
    kept = [row for row in rows if len(row) > 1 or row[0].strip()]
    assert len(read) == len(kept)
    for row, cells, fault in zip(kept, read, faults, strict=True):
        assert (fault is None) == (len(row) == 2)
        if fault is None:
            assert cells == tuple(cell or None for cell in row)
