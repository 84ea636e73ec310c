"""A file of any kind as one table of text: numbered rows, headings apart, nothing lost.

Belongs here: which kind a file is, finding the headings, keeping every cell as text in Parquet.
Does not: bytes and separators (csv_files.cells), workbooks (excel.py), what headings mean (recognising.py).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.core.errors import InputFault
from orchestration.core.summary import counted
from orchestration.csv_files.cells import CsvFault, form_of, rows_of
from orchestration.importing.excel import sheet_names, sheet_rows
from orchestration.loader.row_rules import literal, quoted

ROW = "source_row_number"
"""The row in the user's file, the line of headings being row 1 where it comes first."""
BROKEN = "broken"
"""Why a row cannot be read by columns at all; null for all others."""
KINDS = (".csv", ".tsv", ".txt", ".gz", ".xlsx", ".xlsm", ".parquet")
_BATCH = 50_000
_LOOKED_AT = 20
_TEXT = "VARCHAR"


@dataclass(frozen=True)
class TextTable:
    """A file that was read.

    Attributes:
        name: Of the file, without folders.
        path: Parquet file with one column of text per heading (``column_name``), ``ROW`` and ``BROKEN``.
        headings: In the order of the file.
        rows: How many.
        written_as: Encoding and separator, or kind of file.
        exact: Headings whose values come from numbers and dates as such, so that their form is known.
        notes: What somebody should know about how it was read.
    """

    name: str
    path: Path
    headings: tuple[str, ...]
    rows: int
    written_as: str
    exact: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()

    def column(self, heading: str) -> str:
        """The column of the Parquet file below a heading, as SQL names it."""
        return quoted(column_name(self.headings.index(heading)))


def column_name(place: int) -> str:
    """The column of the Parquet file for the heading at a place: headings may differ in case alone."""
    return f"c{place + 1}"


def read_file(path: Path, folder: Path, encoding: str | None = None) -> TextTable:
    """Read one file.

    Args:
        path: CSV, the like packed by gzip, Excel or Parquet.
        folder: Private folder for the Parquet file of text.
        encoding: What somebody says a CSV file is written in, or None.

    Raises:
        InputFault: It cannot be read, or its first row does not name the columns.
    """
    kind = path.suffix.lower()
    target = folder / f"{len(list(folder.iterdir()))}.parquet"
    if kind == ".parquet":
        return _parquet(path, target)
    if kind in (".xlsx", ".xlsm"):
        sheet, *others = sheet_names(path)
        notes = [f"only its sheet '{sheet}' is read; not: {', '.join(others)}"] if others else []
        return _kept(path, target, sheet_rows(path, sheet), f"Excel, sheet {sheet}", notes)
    if kind not in KINDS:
        raise InputFault(
            f"{path.name} is of a kind that cannot be read. Allowed: {', '.join(KINDS)}. "
            "Save an older Excel file as .xlsx, anything else as CSV."
        )
    try:
        form = form_of(path, encoding)
        with rows_of(path, form) as lines:
            # What Excel writes in the first line to name the separator is no row.
            rows = ((cells, []) for _, cells in lines if [cell.lower() for cell in cells] != ["sep=", ""])
            return _kept(path, target, rows, form.in_words, [])
    except CsvFault as fault:
        raise InputFault(f"{path.name} {fault}.") from None


def _kept(
    path: Path, target: Path, rows: Iterable[tuple[list[str], list[bool]]], written_as: str, notes: list[str]
) -> TextTable:
    numbered = enumerate(rows, 1)
    first = list(itertools.islice(numbered, _LOOKED_AT))
    place = _headings_at([cells for _, (cells, _) in first])
    if place:
        notes.append(f"{counted(place, 'line')} above the headings skipped")
    headings = _headings(path, first[place][1][0], notes)
    writer = _Writer(headings)
    body = itertools.chain(first[place + 1 :], numbered)
    with pq.ParquetWriter(target, writer.schema, compression="snappy") as file:
        while batch := list(itertools.islice(body, _BATCH)):
            file.write_table(writer.table(batch))
    if writer.empty:
        notes.append(f"{counted(writer.empty, 'empty row')} skipped")
    if writer.broken:
        notes.append(
            f"{counted(writer.broken, 'row')} with more or fewer cells than headings; they cannot be read "
            f"(first: row {writer.first_broken})"
        )
    if not writer.rows:
        raise InputFault(f"{path.name} has headings and no row. Export it again.")
    return TextTable(
        path.name, target, headings, writer.rows, written_as, frozenset(writer.exact()), tuple(notes)
    )


class _Writer:
    """Turns rows into Arrow tables and counts what is odd."""

    def __init__(self, headings: tuple[str, ...]) -> None:
        self.headings = headings
        self.schema = pa.schema(
            [(column_name(place), pa.string()) for place in range(len(headings))]
            + [(ROW, pa.int64()), (BROKEN, pa.string())]
        )
        self.rows = self.empty = self.broken = self.first_broken = 0
        self._is_exact: list[bool] | None = None

    def table(self, batch: list[tuple[int, tuple[list[str], list[bool]]]]) -> pa.Table:
        width = len(self.headings)
        lines, numbers, broken = [], [], []
        for number, (cells, kept) in batch:
            if len(cells) != width:
                cells, why = self._fitted(cells, kept)
                if why:
                    self.broken += 1
                    self.first_broken = self.first_broken or number
            else:
                why = None
            if not any(cells):
                self.empty += 1
                continue
            if kept:
                self._look(cells, kept)
            lines.append(cells)
            numbers.append(number)
            broken.append(why)
        self.rows += len(lines)
        columns = list(zip(*lines, strict=True)) if lines else [()] * width
        arrays = [pa.array(column, pa.string()) for column in columns]
        return pa.Table.from_arrays(
            [*arrays, pa.array(numbers, pa.int64()), pa.array(broken, pa.string())], schema=self.schema
        )

    def _fitted(self, cells: list[str], kept: list[bool]) -> tuple[list[str], str | None]:
        width = len(self.headings)
        if not any(cells[width:]) and (len(cells) > width or kept or not any(cells)):
            return (cells + [""] * width)[:width], None  # empty cells on the right; Excel does not keep them
        why = f"{counted(len(cells), 'cell')}, {counted(width, 'heading')}"
        return (cells + [""] * width)[:width], why

    def _look(self, cells: list[str], kept: list[bool]) -> None:
        kept = (kept + [True] * len(cells))[: len(cells)]
        now = [not cell or is_kept for cell, is_kept in zip(cells, kept, strict=True)]
        before = self._is_exact or [True] * len(cells)
        self._is_exact = [one and other for one, other in zip(before, now, strict=True)]

    def exact(self) -> list[str]:
        flags = self._is_exact or [False] * len(self.headings)
        return [heading for heading, is_exact in zip(self.headings, flags, strict=True) if is_exact]


def _headings_at(rows: list[list[str]]) -> int:
    """The first row that is at least half as wide as the widest: above it are titles."""
    widths = [sum(bool(cell.strip()) for cell in cells) for cells in rows]
    widest = max(widths, default=0)
    return next((place for place, width in enumerate(widths) if width and 2 * width >= widest), 0)


def _headings(path: Path, cells: list[str], notes: list[str]) -> tuple[str, ...]:
    names = [re.sub(r"\s+", " ", cell.replace("\ufeff", "")).strip() for cell in cells]
    while len(names) > 1 and not names[-1]:
        names.pop()
    if any("@" in name or re.fullmatch(r"[0-9 .:/+-]{4,}", name) for name in names):
        # The row is not shown: it may be a person's.
        raise InputFault(
            f"{path.name}: its first row holds values, not the names of columns. "
            "Put a row with the names of the columns above it."
        )
    if len(names) < 2:
        raise InputFault(
            f"{path.name}: one column was found, '{names[0]}'. A table has at least two, "
            "separated by commas, "
            "semicolons, tabs or bars."
        )
    taken: dict[str, int] = {}
    for place, name in enumerate(names):
        name = name or f"column {place + 1}"
        taken[name] = taken.get(name, 0) + 1
        names[place] = name if taken[name] == 1 else f"{name} ({taken[name]})"
    twice = [name for name, times in taken.items() if times > 1]
    if twice:
        notes.append(f"named twice, the first counts: {', '.join(twice)}")
    return tuple(names)


def _parquet(path: Path, target: Path) -> TextTable:
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("set memory_limit = '2GB'")
        scan = f"read_parquet({literal(str(path))}, hive_partitioning = false, file_row_number = true)"
        try:
            described = connection.execute(f"describe from {scan}").fetchall()
        except duckdb.Error:
            raise InputFault(f"{path.name} is no Parquet file that can be read. Write it again.") from None
        types = {name: kind for name, kind, *_ in described if name != "file_row_number"}
        headings = _headings(path, list(types), [])
        values = ", ".join(
            f"coalesce({_parquet_text(quoted(name), kind)}, '') as {quoted(column_name(place))}"
            for place, (name, kind) in enumerate(types.items())
        )
        connection.execute(
            f"copy (select {values}, file_row_number + 1 as {ROW}, cast(null as varchar) as {BROKEN} "
            f"from {scan}) to {literal(str(target))} (format parquet, compression snappy)"
        )
    rows = pq.read_metadata(target).num_rows
    if not rows:
        raise InputFault(f"{path.name} has no row. Write it again.")
    exact = frozenset(
        heading for heading, kind in zip(headings, types.values(), strict=True) if kind != _TEXT
    )
    return TextTable(path.name, target, headings, rows, "Parquet", exact)


def _parquet_text(name: str, kind: str) -> str:
    if kind in ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS"):
        return (
            f"strftime(make_timestamp(epoch_us(cast({name} as timestamptz))), '%Y-%m-%d %H:%M:%S.%f') || 'Z'"
        )
    if kind.startswith("TIMESTAMP"):
        return f"strftime(cast({name} as timestamp), '%Y-%m-%d %H:%M:%S.%f')"
    if kind in ("DOUBLE", "FLOAT"):
        return f"regexp_replace(cast({name} as varchar), '[.]0$', '')"
    return f"cast({name} as varchar)"


def text_rows(table: TextTable, limit: int) -> Iterator[dict[str, str]]:
    """The first rows as they are in the file, by heading."""
    for batch in pq.ParquetFile(table.path).iter_batches(batch_size=limit):
        for row in batch.to_pylist()[:limit]:
            yield {heading: row[column_name(place)] for place, heading in enumerate(table.headings)}
        return
