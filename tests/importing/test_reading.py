"""Files of any kind become one table of text; nothing is lost on the way."""

from __future__ import annotations

import gzip
from datetime import datetime

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.core.errors import InputFault
from orchestration.csv_files.cells import form_of
from orchestration.importing.reading import read_file

NAMES = "订单号,姓名\n1001,王芳\n1002,李伟\n"
UMLAUTS = "Nr;Name\n1;Jörg Müller\n2;Zoë Élan\n"


def cells(table):
    rows = pq.read_table(table.path).drop_columns(["source_row_number", "broken"]).to_pylist()
    return [list(row.values()) for row in rows]


@pytest.fixture
def read(tmp_path):
    folder = tmp_path / "text"
    folder.mkdir()

    def reading(name, content, **more):
        path = tmp_path / name
        path.write_bytes(content)
        return read_file(path, folder, **more)

    return reading


@pytest.mark.parametrize(
    ("text", "encoding", "said"),
    [
        (NAMES, "utf-8", "UTF-8, comma"),
        (NAMES, "utf-8-sig", "UTF-8, comma"),
        (NAMES, "utf-16", "UTF-16, comma"),
        (NAMES, "gb18030", "GBK (GB18030), comma"),
        (NAMES, "gbk", "GBK (GB18030), comma"),
        (UMLAUTS, "cp1252", "Windows-1252 (Latin-1), semicolon"),
        (UMLAUTS, "utf-8", "UTF-8, semicolon"),
        (UMLAUTS.replace(";", "\t"), "latin-1", "Windows-1252 (Latin-1), tab"),
        (UMLAUTS.replace(";", "|"), "utf-16-le", "UTF-16, vertical bar"),
    ],
)
def test_encoding_and_separator_are_found_out(read, text, encoding, said):
    table = read("orders.csv", text.encode(encoding))
    assert table.written_as == said
    expected = [
        line.replace(";", ",").split(",") for line in text.replace("\t", ";").replace("|", ";").splitlines()
    ]
    assert [list(table.headings), *cells(table)] == expected


def test_a_packed_file_reads_as_the_file_in_it(read):
    assert cells(read("orders.csv.gz", gzip.compress(NAMES.encode()))) == [["1001", "王芳"], ["1002", "李伟"]]


def test_a_damaged_packed_file_is_refused(read):
    with pytest.raises(InputFault, match="is not a whole gzip file"):
        read("orders.csv.gz", gzip.compress(NAMES.encode() * 100)[:-20])


def test_a_row_with_other_cells_is_marked_and_no_row_is_lost(read):
    table = read("orders.csv", b"a,b,c\n1,2,3\n1,2\n1,2,3,4\n\n,,\n1,2,3,,\n")
    marks = pq.read_table(table.path, columns=["source_row_number", "broken"]).to_pylist()
    assert [(row["source_row_number"], row["broken"]) for row in marks] == [
        (2, None),
        (3, "2 cells, 3 headings"),
        (4, "4 cells, 3 headings"),
        (7, None),
    ]
    assert any("cannot be read (first: row 3)" in note for note in table.notes)
    assert any("2 empty rows skipped" in note for note in table.notes)


def test_mixed_line_ends_and_breaks_inside_quotes_are_read(read):
    assert cells(read("a.csv", b'x,y\r\n1,"two\nlines"\r3,4\n')) == [["1", "two\nlines"], ["3", "4"]]


def test_titles_above_the_headings_are_skipped_and_excels_own_line_is_understood(read):
    assert cells(read("a.csv", b"Report of 2025\n\nid,day,sum\n1,2025-01-01,5\n")) == [
        ["1", "2025-01-01", "5"]
    ]
    assert cells(read("b.csv", b"sep=;\nid;sum\n1;5,0\n")) == [["1", "5,0"]]


@pytest.mark.parametrize("first", ["1001,ann@example.com,5", "2025-01-01,1001,5"])
def test_a_file_without_headings_is_refused_and_shows_nobody(read, first):
    with pytest.raises(InputFault, match="holds values, not the names") as fault:
        read("a.csv", f"{first}\n{first}\n".encode())
    assert "ann@" not in str(fault.value)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"", "is empty"),
        ("a.csv", b"id,day\n", "no row"),
        ("a.csv", b"id\n1\n", "one column"),
        ("a.xls", b"x", "cannot be read"),
        ("a.xlsx", b"no workbook", "no Excel workbook"),
        ("a.parquet", b"no parquet", "no Parquet file"),
    ],
)
def test_what_is_no_table_is_refused_with_a_sentence(read, name, content, said):
    with pytest.raises(InputFault, match=said):
        read(name, content)


def test_headings_named_twice_stay_apart(read):
    table = read("a.csv", b"id,Total,Total,\n1,2,3,4\n")
    assert table.headings == ("id", "Total", "Total (2)")
    assert cells(read("b.csv", b"Name,name\n1,2\n")) == [["1", "2"]]


def test_excel_numbers_and_dates_become_plain_text(tmp_path, read):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Order", "Day", "At", "Amount", "Note"])
    sheet.append([2001.0, datetime(2025, 3, 4), datetime(2025, 3, 4, 9, 5), 12.1 + 0.2, "007"])
    sheet.append([2002, None, datetime(2025, 3, 5, 23, 59, 59, 999000), 1234567.891, None])
    book.create_sheet("Notes").append(["x"])
    book.save(tmp_path / "made.xlsx")
    table = read("orders.xlsx", (tmp_path / "made.xlsx").read_bytes())
    assert cells(table) == [
        ["2001", "2025-03-04", "2025-03-04 09:05:00", "12.3", "007"],
        ["2002", "", "2025-03-06 00:00:00", "1234567.891", ""],
    ]
    assert table.exact == {"Order", "Day", "At", "Amount"}


def test_parquet_values_become_text_that_means_the_same(tmp_path, read):
    made = pa.table(
        {
            "id": pa.array([1, 2]),
            "price": pa.array([2.0, 2.5]),
            "at": pa.array([datetime(2025, 1, 1, 9), None], pa.timestamp("ns", "UTC")),
            "note": pa.array(["x", None]),
        }
    )
    pq.write_table(made, tmp_path / "made.parquet")
    table = read("orders.parquet", (tmp_path / "made.parquet").read_bytes())
    assert cells(table) == [["1", "2", "2025-01-01 09:00:00.000000Z", "x"], ["2", "2.5", "", ""]]
    assert table.exact == {"id", "price", "at"}


def test_an_encoding_that_was_named_counts(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("id,name\n1,Ł\n".encode("cp1250"))
    assert form_of(path, "cp1250").encoding == "cp1250"
    with pytest.raises(InputFault, match="no encoding nonsense"):
        form_of(path, "nonsense")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'id,name\n1,"open\n2,b\n', "a.csv a quote is not closed.*in line 2"),
        ("id,name\n1,Привет\n2,мир\n".encode("cp1251"), "no encoding that is known.*--encoding"),
        ("id,name\n1,李伟".encode()[:-1], "it was cut off"),
    ],
)
def test_what_the_loader_would_refuse_and_nobody_can_convert_is_refused_by_its_line(read, content, said):
    """Read all the same, rows behind an open quote would be one cell, and letters others."""
    with pytest.raises(InputFault, match=said):
        read("a.csv", content)


def test_an_accent_in_the_very_last_byte_is_read(read):
    assert cells(read("a.csv", "id,name\n1,René".encode("cp1252"))) == [["1", "René"]]
