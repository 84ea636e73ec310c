"""What the values of a file say: forms, currencies, what a column really holds.

Belongs here: questions to the rows of one file, asked in DuckDB.
Does not: deciding by the answers (proposing.py), headings (recognising.py).
"""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from orchestration.core.contract import SourceContract
from orchestration.importing.fields import is_amount, is_moment
from orchestration.importing.forms import DateCounts, NumberCounts, date_counts, number_counts
from orchestration.importing.mapping import FileMapping
from orchestration.importing.reading import ROW, TextTable
from orchestration.loader.row_rules import literal

_EMAIL = "[^@ ]+@[^@ ]+[.][^@ ]+"
_PHONE = "[+][0-9 ()-]{8,}|(00|0)?(86)?1[3-9][0-9]{9}"
_NAME = "[^0-9@_]+ [^0-9@_]+|[\u4e00-\u9fff·]{2,6}"
_FLOAT = "[0-9]+[.]0"
_SHORTENED = "[0-9.]+[eE][+][0-9]+"


class Looking:
    """Asks the rows of one file."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, table: TextTable, contract: SourceContract
    ) -> None:
        self.connection, self.table, self.contract = connection, table, contract
        self._relation = f"read_parquet({literal(str(table.path))}, hive_partitioning = false)"

    def numbers(self, mapping: FileMapping, signs: Iterable[str]) -> NumberCounts:
        """How its amounts are written."""
        columns = self._of(mapping, is_amount)
        return (
            NumberCounts(*self._row(number_counts(columns, self._relation, signs)))
            if columns
            else NumberCounts()
        )

    def dates(self, mapping: FileMapping) -> DateCounts:
        """How its dates are written."""
        columns = self._of(mapping, is_moment)
        return DateCounts(*self._row(date_counts(columns, self._relation))) if columns else DateCounts()

    def currencies(self, mapping: FileMapping) -> list[str]:
        """Values of its column of currencies, the most frequent first."""
        if "currency" not in mapping.columns:
            return []
        column = f"upper(trim({self.table.column(mapping.columns['currency'])}))"
        return self._list(
            f"select {column} from {self._relation} where regexp_full_match({column}, '[A-Z]{{3}}') "
            "group by 1 order by count(*) desc, 1"
        )

    def signs(self, mapping: FileMapping, signs: Iterable[str]) -> list[str]:
        """Signs beside its amounts, the most frequent first."""
        columns = self._of(mapping, is_amount)
        listed = sorted(signs, key=len, reverse=True)
        if not columns or not listed:
            return []
        either = "|".join(sign.replace("$", "[$]").replace(".", "[.]") for sign in listed)
        parts = " union all ".join(f"select {column} as cell from {self._relation}" for column in columns)
        found = f"regexp_extract(cell, {literal('(?i)' + either)})"
        return self._list(
            f"select upper({found}) from ({parts}) where {found} <> '' group by 1 order by count(*) desc, 1"
        )

    def holds(self, heading: str) -> str | None:
        """What most of a column looks like: `email`, `phone`, `full_name`; None for anything else."""
        column = f"trim({self.table.column(heading)})"
        counts = self._row(
            "select "
            + ", ".join(
                f"count(*) filter (regexp_full_match({column}, {literal(pattern)}))"
                for pattern in (_EMAIL, _PHONE, _NAME)
            )
            + f", count(*) from {self._relation} where {column} <> ''"
        )
        for kind, count in zip(("email", "phone", "full_name"), counts, strict=False):
            if 2 * count > counts[-1]:
                return kind
        return None

    def amounts_differ(self, mapping: FileMapping) -> tuple[int, int]:
        """Orders of several lines, and those of them whose lines have different amounts."""
        if not {"order_id", "net_amount"} <= mapping.columns.keys():
            return 0, 0
        order, amount = (self.table.column(mapping.columns[name]) for name in ("order_id", "net_amount"))
        lines, differing = self._row(
            f"select count(*), count(*) filter (amounts > 1) from (select count(distinct "
            f"{amount}) as amounts "
            f"from {self._relation} where {order} <> '' group by {order} having count(*) > 1)"
        )
        return lines, differing

    def spoiled(self, heading: str) -> tuple[int, int]:
        """Numbers that a spreadsheet wrote as 2001.0, and as 1.38E+10."""
        column = f"trim({self.table.column(heading)})"
        floats, shortened = self._row(
            f"select count(*) filter (regexp_full_match({column}, '{_FLOAT}')), "
            f"count(*) filter (regexp_full_match({column}, '{_SHORTENED}')) from {self._relation}"
        )
        return floats, shortened

    def empty(self) -> set[str]:
        """Headings of columns without any value."""
        counts = ", ".join(
            f"count(nullif(trim({self.table.column(each)}), ''))" for each in self.table.headings
        )
        found = self._row(f"select {counts} from {self._relation}")
        return {heading for heading, count in zip(self.table.headings, found, strict=True) if not count}

    def is_repeated(self, heading: str) -> int:
        """How many rows there are beyond one per value."""
        column = self.table.column(heading)
        (rows,) = self._row(
            f"select count(*) - count(distinct {column}) from {self._relation} where {column} <> ''"
        )
        return rows

    def rows(self, limit: int) -> list[tuple[int, dict[str, str]]]:
        """The first rows as they are in the file: number and cells by heading."""
        names = ", ".join(self.table.column(heading) for heading in self.table.headings)
        found = self.connection.execute(
            f"select {ROW}, {names} from {self._relation} order by {ROW} limit {limit}"
        ).fetchall()
        return [(row[0], dict(zip(self.table.headings, row[1:], strict=True))) for row in found]

    def _of(self, mapping: FileMapping, is_kind: object) -> list[str]:
        return [
            self.table.column(heading)
            for field, heading in mapping.columns.items()
            if is_kind(field, mapping.rows, self.contract) and heading not in self.table.exact  # type: ignore[operator]
        ]

    def _row(self, query: str) -> tuple[int, ...]:
        (row,) = self.connection.execute(query).fetchall()
        return row

    def _list(self, query: str) -> list[str]:
        return [value for (value,) in self.connection.execute(query).fetchall()]
