"""Faults of tag definitions: everything that is wrong with the rows of `seeds/tags/`, found at once.

Belongs here: the rules that tags, their clauses and their conflicts must keep, on rows already read.
Does not: reading files, evaluating rules (dbt's fct_member_tag does, and no text of a row becomes SQL).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from orchestration.core.errors import RekindleError

REFRESHES = ("real_time", "daily", "weekly")
ORDERED = {"<", "<=", ">", ">="}
WITHOUT_VALUE = {"filled", "empty"}
OPERATORS = {
    "text": {"=", "<>", "in"} | WITHOUT_VALUE,
    "boolean": {"=", "<>"} | WITHOUT_VALUE,
    "integer": {"=", "<>", "in"} | ORDERED | WITHOUT_VALUE,
    "decimal": {"=", "<>", "in"} | ORDERED | WITHOUT_VALUE,
}
MOST_CLAUSES = 6
"""As `most_tag_clauses` in dbt_project.yml."""

_NUMBER = re.compile(r"-?\d{1,12}(\.\d{1,6})?")
_CONTACT = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+|(?<!\d)\+?\d([ -]?\d){9,14}(?!\d)")


@dataclass(frozen=True)
class Row:
    """One row of a file.

    Attributes:
        file: Name of the file.
        line: Line in it, the header being 1.
        values: Text by column; empty text where nothing stands.
    """

    file: str
    line: int
    values: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.values.get(column) or ""


@dataclass(frozen=True)
class Definitions:
    """The rows of `seeds/tags/` that define tags."""

    attributes: tuple[Row, ...]
    layers: tuple[Row, ...]
    tags: tuple[Row, ...]
    rules: tuple[Row, ...]
    conflicts: tuple[Row, ...]


class TagsAtFault(RekindleError):
    """Tag definitions that may not be built."""

    exit_code = 2


def check(definitions: Definitions, on: date) -> None:
    """Refuse definitions with any fault.

    Raises:
        TagsAtFault: With every fault.
    """
    faults = sorted(set(tag_faults(definitions, on)))
    if faults:
        raise TagsAtFault(
            f"{len(faults)} faults in the tag definitions; nothing was built, the publication is as it was.\n"
            + "\n".join(f"  {fault}" for fault in faults)
        )


def tag_faults(definitions: Definitions, on: date) -> Iterator[str]:
    """Every fault: file, line, tag, what was found and what is allowed."""
    yield from _faults_of_tags(definitions, on)
    yield from _faults_of_clauses(definitions)
    yield from _faults_of_rules(definitions)
    yield from _faults_of_conflicts(definitions)


def _told(row: Row, found: str, allowed: str) -> str:
    return f"{row.file}:{row.line} tag {_shown(row['tag'])}: {found}; {allowed}"


def _shown(text: str) -> str:
    """A value as a message may show it: no contact detail, no line break, not endless."""
    if _CONTACT.search(text):
        return "(a contact detail)"
    return repr(text[:60])


def _faults_of_tags(definitions: Definitions, on: date) -> Iterator[str]:
    layers = [row["layer"] for row in definitions.layers]
    first_of: dict[tuple[str, str], Row] = {}
    for row in definitions.tags:
        for column in ("action", "metric", "definition", "owner"):
            if not row[column].strip():
                yield _told(row, f"no {column}", f"a tag without {column} is of no use: write one")
        for column in ("tag", "label_en", "label_zh"):
            first = first_of.setdefault((column, row[column].strip().casefold()), row)
            if not row[column].strip():
                yield _told(row, f"no {column}", "write one")
            elif first is not row:
                what = "code" if column == "tag" else column
                yield _told(row, f"{what} {_shown(row[column])} is used in line {first.line}", "use another")
        if row["layer"] not in layers:
            yield _told(row, f"layer {_shown(row['layer'])}", f"allowed: {', '.join(layers)}")
        if row["refresh"] not in REFRESHES:
            yield _told(row, f"refresh {_shown(row['refresh'])}", f"allowed: {', '.join(REFRESHES)}")
        yield from _faults_of_shares(row)
        yield from _faults_of_validity(row, on)


def _faults_of_shares(row: Row) -> Iterator[str]:
    low, high = (_number(row[f"{edge}_expected_share"]) for edge in ("lowest", "highest"))
    if low is None or high is None or not 0 <= low <= high <= 1:
        yield _told(row, "expected shares are not a range", "allowed: lowest to highest, within 0 and 1")


def _faults_of_validity(row: Row, on: date) -> Iterator[str]:
    try:
        start = date.fromisoformat(row["valid_from"])
        end = date.fromisoformat(row["valid_to"]) if row["valid_to"] else date.max
    except ValueError:
        yield _told(row, "valid_from or valid_to is no date", "allowed: YYYY-MM-DD; valid_to may be empty")
        return
    if end < start:
        yield _told(row, f"valid_to {end} is before valid_from {start}", "let it end later")
    elif end < on:
        yield _told(row, f"expired on {end}", f"for {on} prolong valid_to or remove its rows")


def _faults_of_clauses(definitions: Definitions) -> Iterator[str]:
    catalogue = {row["attribute"]: row for row in definitions.attributes}
    known = {row["tag"] for row in definitions.tags}
    for row in definitions.rules:
        if row["tag"] not in known:
            yield _told(row, "a rule of a tag that tags.csv does not have", "add the tag or remove the rule")
        if not re.fullmatch(r"[1-9]\d{0,2}", row["group_no"]):
            yield _told(row, f"group_no {_shown(row['group_no'])}", "allowed: 1 to 999")
        if _CONTACT.search(row["value"]):
            yield _told(row, "a contact detail in a rule", "rules are about attributes, never about a person")
        attribute = catalogue.get(row["attribute"])
        if attribute is None:
            yield _told(
                row, f"unknown attribute {_shown(row['attribute'])}", "allowed: those of attributes.csv"
            )
            continue
        allowed = OPERATORS[attribute["data_type"]]
        if row["operator"] not in allowed:
            yield _told(
                row,
                f"operator {_shown(row['operator'])} for {attribute['data_type']} {row['attribute']}",
                f"allowed: {' '.join(sorted(allowed))}",
            )
        else:
            yield from _faults_of_value(row, attribute)


def _faults_of_value(row: Row, attribute: Row) -> Iterator[str]:
    name, value, kind = row["attribute"], row["value"], attribute["data_type"]
    if row["operator"] in WITHOUT_VALUE:
        if value:
            yield _told(row, f"value {_shown(value)} for {row['operator']}", "leave it empty")
        return
    closed = attribute["allowed_values"].split("|") if attribute["allowed_values"] else []
    if kind == "boolean":
        closed = ["true", "false"]
    if kind in {"text", "boolean"}:
        if not value or (closed and value not in closed):
            yield _told(row, f"{name} {_shown(value)}", f"allowed: {', '.join(closed) or 'any text'}")
        return
    number = _number(value)
    if number is None or (kind == "integer" and number != number.to_integral_value()):
        yield _told(row, f"{name} {_shown(value)}", f"allowed: {kind} numbers, such as 30")
        return
    low, high = _number(attribute["lowest"]), _number(attribute["highest"])
    if (low is not None and number < low) or (high is not None and number > high):
        yield _told(
            row, f"{name} {value}", f"allowed: {attribute['lowest']} to {attribute['highest'] or 'any'}"
        )


def _faults_of_rules(definitions: Definitions) -> Iterator[str]:
    by_tag: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in definitions.rules:
        by_tag[row["tag"]][row["group_no"]].append(row)
    first_with: dict[frozenset, Row] = {}
    for tag in definitions.tags:
        groups = by_tag.get(tag["tag"])
        if not groups:
            yield _told(tag, "no rule", "give it at least one row in tag_rules.csv")
            continue
        meaning = frozenset(frozenset(map(_clause, rows)) for rows in groups.values())
        first = first_with.setdefault(meaning, tag)
        if first["tag"] != tag["tag"]:
            yield _told(tag, f"the same rule as {first['tag']} in line {first.line}", "one meaning, one tag")
        for rows in groups.values():
            slots = {_clause(row) if row["operator"] != "in" else (row["attribute"], "in") for row in rows}
            if len(slots) > MOST_CLAUSES:
                yield _told(
                    rows[0],
                    f"{len(slots)} clauses in group {rows[0]['group_no']}",
                    f"allowed: {MOST_CLAUSES}",
                )
            yield from _impossible(rows)


def _clause(row: Row) -> tuple[str, str, object]:
    """What a clause means, however its number is written."""
    number = _number(row["value"])
    return row["attribute"], row["operator"], row["value"] if number is None else number


def _impossible(rows: list[Row]) -> Iterator[str]:
    """A group that no value of an attribute can meet."""
    by_attribute: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_attribute[row["attribute"]].append(row)
    for attribute, clauses in by_attribute.items():
        equal = {row["value"] for row in clauses if row["operator"] == "="}
        other = {row["value"] for row in clauses if row["operator"] == "<>"}
        operators = {row["operator"] for row in clauses}
        bounds = [
            (row["operator"], number) for row in clauses if (number := _number(row["value"])) is not None
        ]
        low = max(((n, o == ">") for o, n in bounds if o in {">", ">=", "="}), default=None)
        high = min(((n, o != "<") for o, n in bounds if o in {"<", "<=", "="}), default=None)
        crossed = (
            low is not None
            and high is not None
            and (low[0] > high[0] or (low[0] == high[0] and (low[1] or not high[1])))
        )
        if crossed or len(equal) > 1 or equal & other or ("empty" in operators and len(operators) > 1):
            yield _told(clauses[0], f"no value of {attribute} can meet the group", "let its clauses overlap")


def _faults_of_conflicts(definitions: Definitions) -> Iterator[str]:
    known = {row["tag"] for row in definitions.tags}
    over: dict[str, set[str]] = defaultdict(set)
    for row in definitions.conflicts:
        for column in ("tag", "over_tag"):
            if row[column] not in known:
                yield _told(row, f"{column} {_shown(row[column])} is no tag", "allowed: codes of tags.csv")
        over[row["tag"]].add(row["over_tag"])
    for row in definitions.conflicts:
        if row["tag"] in _reached(row["over_tag"], over):
            yield _told(
                row, f"{row['over_tag']} in turn goes before {row['tag']}", "let one of the two go first"
            )


def _reached(start: str, over: dict[str, set[str]]) -> set[str]:
    found, waiting = {start}, [start]
    while waiting:
        new: Iterable[str] = over.get(waiting.pop(), set()) - found
        found |= set(new)
        waiting += new
    return found


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text) if _NUMBER.fullmatch(text) else None
    except InvalidOperation:
        return None
