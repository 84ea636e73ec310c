"""A CSV file as Parquet: what `rekindle deliver` and the loader do with one, in the same way.

Belongs here: the header, rows that do not fit it, the quick way by the engine, the sure way row by row.
Does not: encodings, separators and quotes as such (cells.py), which columns a table has (loader.deliveries).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import numpy
import pyarrow
import pyarrow.compute
import pyarrow.parquet

from orchestration.core.quoting import literal, quoted
from orchestration.csv_files.cells import (
    BOM,
    ENCODINGS,
    SEPARATORS,
    CsvFault,
    encoding_guess,
    line_of,
    rows_of,
    separator_of,
    utf8_chunks,
)
from orchestration.files import exact_path

FAULT_COLUMN = "quarantine_fault"
"""In the copy of a file some of whose rows do not fit its header: why not; empty for those that do."""
SURPLUS_COLUMN = "quarantine_surplus"
"""In the same copy: the cells of a row for which the header has no name, one after the other."""
HEADER_AGAIN = "repeats the header"
NAMED_LINES = 5
_ADDED = (FAULT_COLUMN, SURPLUS_COLUMN)

_BLANK_BEFORE_QUOTE = re.compile('[ \t]+"')
_HEADER_AT_MOST = 1 << 22
_ROWS_AT_ONCE = 50_000
# How files of other kinds begin that are called .csv all the same.
_OTHER_KINDS = {
    b"PK\x03\x04": "is an Excel or zip file; save it as CSV, or use `rekindle import`",
    b"\xd0\xcf\x11\xe0": "is an Excel file; save it as CSV, or use `rekindle import`",
    b"\x1f\x8b": "is packed by gzip; name it .csv.gz",
    b"PAR1": "is a Parquet file; name it .parquet",
}
_WAY_OUT = "save it as UTF-8, or use `rekindle import`"


@dataclass(frozen=True)
class CsvCopy:
    """A CSV file as Parquet: all columns as text, rows in order, a row that does not fit among them.

    Attributes:
        header: The names in the first line.
        rows: How many follow; blank lines are none.
        faults: What is said of rows that do not fit; each stands in ``FAULT_COLUMN`` of at least one row.
        lines: The first lines such rows begin in.
        rows_at_fault: How many there are.
    """

    header: list[str]
    rows: int
    faults: tuple[str, ...] = ()
    lines: tuple[int, ...] = ()
    rows_at_fault: int = 0

    @property
    def note(self) -> str | None:
        """What to tell of rows that do not fit; None where all do."""
        if not self.lines:
            return None
        named = ", ".join(map(str, self.lines)) + (", ..." if self.rows_at_fault > len(self.lines) else "")
        if self.rows_at_fault == 1:
            return f"1 row does not fit the header and goes to quarantine; look at line {named}"
        return f"{self.rows_at_fault} rows do not fit the header and go to quarantine; look at lines {named}"


def copy_csv(path: Path, target: Path, connection: duckdb.DuckDBPyConnection) -> CsvCopy:
    """Copy a CSV file to Parquet.

    Clean files are read by the engine, in parallel. It fails on what does not fit, or loses an empty cell at
    the end of a row; then the file is read row by row.

    Args:
        path: UTF-8, commas, double quotes where needed, first line with the names of the columns.
        target: The Parquet file to write, in a private folder.
        connection: Is left not to preserve the order of insertion.

    Raises:
        CsvFault: The file is not such a file.
    """
    first_line = _first_line(path)
    bytes_of = _counted(path, first_line)
    header = _header(path, first_line)
    if not bytes_of.has_mixed_line_ends and not bytes_of.repeats_header:
        rows = _copy_in_parallel(path, target, header, bytes_of.commas, connection)
        if rows is not None:
            return CsvCopy(header, rows)
    return _copy_row_by_row(path, target, header)


def fault_of(cells: list[str], header: list[str]) -> str:
    """Why a row does not fit the header; empty where it does."""
    if len(cells) != len(header):
        found = "1 cell" if len(cells) == 1 else f"{len(cells)} cells"
        return f"has {found}, the header names {len(header)}"
    if cells[-1] == header[-1] and [cells[0].removeprefix("\ufeff"), *cells[1:]] == header:
        return HEADER_AGAIN
    if '"' in "".join(cells) and any(_BLANK_BEFORE_QUOTE.match(cell) for cell in cells):
        return "a blank before a quote"
    return ""


def is_blank(cells: list[str], header: list[str]) -> bool:
    """Whether a line is no row; of one column a blank line is an empty cell."""
    return len(header) > 1 and len(cells) <= 1 and not "".join(cells).strip()


@dataclass
class _Bytes:
    """What the bytes of a file tell before anything is parsed."""

    commas: int = 0
    line_feeds: int = 0
    returns: int = 0
    both: int = 0
    repeats_header: bool = False

    @property
    def has_mixed_line_ends(self) -> bool:
        """Whether carriage returns end some lines and not others; a line feed may also be inside quotes."""
        return self.returns != self.both and self.line_feeds > 0


def _first_line(path: Path) -> bytes:
    with path.open("rb") as stream:
        start = stream.read(_HEADER_AT_MOST).removeprefix(BOM)
    for mark, fault in _OTHER_KINDS.items():
        if start.startswith(mark):
            raise CsvFault(fault)
    return re.split(rb"[\r\n]", start, maxsplit=1)[0]


def _counted(path: Path, first_line: bytes) -> _Bytes:
    """Count what matters, and refuse what is no UTF-8 text."""
    counted = _Bytes()
    repeated = [end + mark + first_line for end in (b"\n", b"\r") for mark in (b"", BOM)]
    before = b""
    with path.open("rb") as stream:
        try:
            for chunk in utf8_chunks(stream):
                codes = numpy.frombuffer(chunk, numpy.uint8)
                if not codes.all():
                    at = chunk.index(0)
                    raise CsvFault(_holds_nul(chunk, counted.line_feeds + chunk.count(b"\n", 0, at) + 1))
                feeds, returns = codes == ord("\n"), codes == ord("\r")
                counted.commas += _count(codes == ord(","))
                counted.line_feeds += _count(feeds)
                counted.returns += _count(returns)
                counted.both += _count(returns[:-1] & feeds[1:])
                counted.both += before.endswith(b"\r") and chunk.startswith(b"\n")
                overlapping = before + chunk
                # The first search is the quick one; the header itself is what it would find first of all.
                if first_line and overlapping.find(first_line, 0 if before else len(first_line)) >= 0:
                    counted.repeats_header |= any(line in overlapping for line in repeated)
                before = chunk[-len(repeated[-1]) :]
        except UnicodeDecodeError as error:
            raise CsvFault(_not_utf8(error, counted.line_feeds)) from None
    return counted


def _count(where: Any) -> int:
    return int(numpy.count_nonzero(where))


def _not_utf8(error: UnicodeDecodeError, lines_before: int) -> str:
    line = lines_before + bytes(error.object).count(b"\n", 0, error.start) + 1
    guess = encoding_guess(line_of(error))
    looks = f"it looks like {ENCODINGS[guess]}: " if guess else ""
    return f"is not UTF-8, first in line {line}; {looks}{_WAY_OUT}"


def _holds_nul(chunk: bytes, line: int) -> str:
    guess = encoding_guess(chunk) or ""
    if guess.startswith("utf-16"):
        return f"is not UTF-8; it looks like {ENCODINGS[guess]}: {_WAY_OUT}"
    return f"holds a NUL byte in line {line}: it is damaged or no text; write it anew"


def _header(path: Path, first_line: bytes) -> list[str]:
    line = first_line.decode("utf-8")
    with rows_of(path) as rows:
        _, header = next(rows, (1, None))
    if header is None:
        raise CsvFault("is empty; the first line must name every column")
    if not any(name.strip() for name in header):
        raise CsvFault("has a blank first line; the first line must name every column")
    if line.lower().startswith("sep="):
        raise CsvFault("begins with Excel's line 'sep='; remove it: the first line must name every column")
    if (separator := separator_of([line])) != ",":
        raise CsvFault(
            f"is separated by {SEPARATORS[separator]}s; save it with commas, or use `rekindle import`"
        )
    for number, name in enumerate(header, 1):
        if not name.strip():
            raise CsvFault(f"column {number} has no name; the first line must name every column")
    places: dict[str, int] = {}
    for number, name in enumerate(header, 1):
        first = places.setdefault(name.strip().lower(), number)
        if first != number:
            raise CsvFault(
                f"the header names a column twice: columns {first} and {number} differ at most in case"
            )
    return header


def without_waiting_writers(connection: duckdb.DuckDBPyConnection) -> None:
    """Let who makes a copy to Parquet write it, too: DuckDB 2.0.0 may wait for ever where a copy fails."""
    connection.execute("set async_threads = 0")


def _copy_in_parallel(
    path: Path, target: Path, header: list[str], commas: int, connection: duckdb.DuckDBPyConnection
) -> int | None:
    """Let the engine copy a file; its rows, or None where it does not read every cell of it."""
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in header)
    without_waiting_writers(connection)
    # The numbers of quarantined rows refer to the order of the file.
    connection.execute("set preserve_insertion_order = true")
    try:
        connection.execute(
            f"copy (from read_csv({literal(exact_path(path))}, header = true, auto_detect = false, "
            f"delim = ',', quote = '\"', escape = '\"', nullstr = '', strict_mode = true, "
            f"hive_partitioning = false, columns = {{{columns}}})) "
            f"to {literal(str(target))} (format parquet, compression snappy)"
        )
    except duckdb.InvalidInputException:
        return None
    finally:
        connection.execute("set preserve_insertion_order = false")
    rows = pyarrow.parquet.read_metadata(target).num_rows
    # The engine drops an empty cell too many with its comma. All others separate cells or are inside one.
    inside = commas - sum(name.count(",") for name in header) - (len(header) - 1) * (rows + 1)
    if inside:
        without = "sum(length({0}) - length(replace({0}, ',', ''))) filter (contains({0}, ','))"
        read = " + ".join(f"coalesce({without.format(quoted(name))}, 0)" for name in header)
        found = connection.execute(
            f"select {read} from read_parquet({literal(exact_path(target))})"
        ).fetchall()
        if found != [(inside,)]:
            return None
    return rows


@dataclass
class _Rows:
    """Rows on their way into a Parquet file, and what was found wrong with them."""

    header: list[str]
    written: int = 0
    faults: dict[str, int] = field(default_factory=dict)
    lines: list[int] = field(default_factory=list)

    def batches(self, lines: Iterator[tuple[int, list[str]]]) -> Iterator[pyarrow.RecordBatch]:
        """All rows, so many at once."""
        rows: list[list[str]] = []
        for number, cells in lines:
            fault = fault_of(cells, self.header)
            if fault:
                self.faults[fault] = self.faults.get(fault, 0) + 1
                self.lines += [number] if len(self.lines) < NAMED_LINES else []
            width = len(self.header)
            rows.append([*(cells + [""] * width)[:width], fault, "".join(cells[width:])])
            if len(rows) == _ROWS_AT_ONCE:
                yield self._batch(rows)
                rows = []
        if rows:
            yield self._batch(rows)

    def _batch(self, rows: list[list[str]]) -> pyarrow.RecordBatch:
        self.written += len(rows)
        texts = [pyarrow.array(cells, pyarrow.string()) for cells in zip(*rows, strict=True)]
        none = pyarrow.scalar(None, pyarrow.string())
        cells = [pyarrow.compute.if_else(pyarrow.compute.equal(text, ""), none, text) for text in texts]
        return pyarrow.RecordBatch.from_arrays(cells, names=[*self.header, *_ADDED])


def _copy_row_by_row(path: Path, target: Path, header: list[str]) -> CsvCopy:
    rows = _Rows(header)
    schema = pyarrow.schema([(name, pyarrow.string()) for name in (*header, *_ADDED)])
    with rows_of(path) as lines, pyarrow.parquet.ParquetWriter(target, schema) as writer:
        for batch in rows.batches(_after_header(lines, header)):
            writer.write_batch(batch)
    return CsvCopy(
        header, rows.written, tuple(sorted(rows.faults)), tuple(rows.lines), sum(rows.faults.values())
    )


def _after_header(
    lines: Iterator[tuple[int, list[str]]], header: list[str]
) -> Iterator[tuple[int, list[str]]]:
    next(lines)
    return ((line, cells or [""]) for line, cells in lines if not is_blank(cells, header))
