"""Faults of tag definitions: everything that is wrong with the rows of `seeds/tags/`, found at once.

Belongs here: the rules that tags, their clauses and their conflicts must keep, on rows already read.
Does not: reading files, evaluating rules (dbt's fct_member_tag does, and no text of a row becomes SQL).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from orchestration.core.definition_rows import Fault, Row, day, has_contact, number, refuse, shown
from orchestration.core.settings import Types, setting_faults
from orchestration.core.tag_meaning import ANY_OTHER_TEXT, Box, Clause, Meanings, Value, stretches

SUBJECTS = ("member", "product")
"""What can hold a tag, each by attributes of its own."""
REFRESHES = ("real_time", "daily", "weekly")
ORDERED = {"<", "<=", ">", ">="}
WITHOUT_VALUE = {"filled", "empty"}
OPERATORS = {
    "text": {"=", "<>", "in"} | WITHOUT_VALUE,
    "boolean": {"=", "<>"} | WITHOUT_VALUE,
    "integer": {"=", "<>", "in"} | ORDERED | WITHOUT_VALUE,
    "decimal": {"=", "<>", "in"} | ORDERED | WITHOUT_VALUE,
}
NUMBERS = {"integer", "decimal"}
MOST_CLAUSES = 6
"""As `most_tag_clauses` in dbt_project.yml."""


@dataclass(frozen=True)
class Definitions:
    """The rows of `seeds/tags/` that define the tags of one subject."""

    attributes: tuple[Row, ...]
    layers: tuple[Row, ...]
    tags: tuple[Row, ...]
    rules: tuple[Row, ...]
    conflicts: tuple[Row, ...]
    strategies: tuple[Row, ...]
    settings: tuple[Row, ...]
    setting_types: Types


@dataclass(frozen=True)
class Rule:
    """A tag's rule without a fault.

    Attributes:
        groups: Its rows by group.
        boxes: What each group lets through.
    """

    groups: tuple[tuple[Row, ...], ...]
    boxes: tuple[Box, ...]

    @property
    def is_possible(self) -> bool:
        """Whether each of its groups lets something through."""
        return all(values for box in self.boxes for values in box.values())


def check(definitions: Definitions, on: date, *others: Definitions, declared: Iterable[Fault] = ()) -> None:
    """Refuse definitions with any fault; those of members and of products keep the same rules.

    Args:
        definitions: The tags of one subject.
        on: As-of date.
        others: Those of other subjects.
        declared: Faults of the files against what is declared of them.

    Raises:
        InputFault: With every fault.
    """
    refuse((fault for each in (definitions, *others) for fault in tag_faults(each, on)), "tag", declared)


def tag_faults(definitions: Definitions, on: date) -> Iterator[Fault]:
    """Every fault: file, line, tag, what was found and what is allowed."""
    meanings = _meanings(definitions)
    sound = _sound_rules(definitions, meanings)
    yield from _faults_of_catalogue(definitions)
    yield from _faults_of_tags(definitions, on)
    yield from _faults_of_clauses(definitions)
    yield from _faults_of_rules(definitions, sound)
    yield from _faults_of_meaning(definitions, meanings, sound)
    yield from _faults_of_conflicts(definitions, meanings, sound)
    yield from _faults_of_strategies(definitions, meanings, sound)
    yield from setting_faults("tag_settings.csv", definitions.settings, definitions.setting_types)


def held_by(
    definitions: Definitions, values: Mapping[str, frozenset[Value]]
) -> tuple[Meanings, dict[str, list[Box]]]:
    """What the holders of each tag have in common: its rule, less those of the tags that override it.

    Args:
        definitions: The tags of one subject; a tag with a faulty rule is passed over.
        values: Further attributes, and further values of those in the catalogue.
    """
    own = _meanings(definitions).values
    meanings = Meanings(
        {name: own.get(name, frozenset()) | values.get(name, frozenset()) for name in {**own, **values}}
    )
    sound = _sound_rules(definitions, meanings)
    over = [(row["tag"], row["over_tag"]) for row in definitions.conflicts if row["tag"] in sound]
    return meanings, {
        tag: meanings.less(
            rule.boxes, [box for one, other in over if other == tag for box in sound[one].boxes]
        )
        for tag, rule in sound.items()
    }


def _told(row: Row, found: str, allowed: str) -> Fault:
    return Fault(row.file, row.line, f"tag {shown(row['tag'])}", found, allowed)


def _faults_of_tags(definitions: Definitions, on: date) -> Iterator[Fault]:
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
                yield _told(row, f"{what} {shown(row[column])} is used in line {first.line}", "use another")
        for column, text in row.values.items():
            if has_contact(text):
                yield _told(
                    row, f"a contact detail in {column}", "tags are about groups, never about a person"
                )
        if row["subject"] not in SUBJECTS:
            yield _told(row, f"subject {shown(row['subject'])}", f"allowed: {', '.join(SUBJECTS)}")
        if row["layer"] not in layers:
            yield _told(row, f"layer {shown(row['layer'])}", f"allowed: {', '.join(layers)}")
        if row["refresh"] not in REFRESHES:
            yield _told(row, f"refresh {shown(row['refresh'])}", f"allowed: {', '.join(REFRESHES)}")
        yield from _faults_of_shares(row)
        yield from _faults_of_validity(row, on)


def _faults_of_shares(row: Row) -> Iterator[Fault]:
    low, high = (number(row[f"{edge}_expected_share"]) for edge in ("lowest", "highest"))
    if low is None or high is None or not 0 <= low <= high <= 1:
        yield _told(row, "expected shares are not a range", "allowed: lowest to highest, within 0 and 1")


def _faults_of_validity(row: Row, on: date) -> Iterator[Fault]:
    try:
        start = day(row["valid_from"])
        end = day(row["valid_to"]) if row["valid_to"] else date.max
    except ValueError:
        yield _told(row, "valid_from or valid_to is no date", "allowed: YYYY-MM-DD; valid_to may be empty")
        return
    if end < start:
        yield _told(row, f"valid_to {end} is before valid_from {start}", "let it end later")
    elif end < on:
        yield _told(row, f"expired on {end}", f"for {on} prolong valid_to or remove its rows")


def _faults_of_catalogue(definitions: Definitions) -> Iterator[Fault]:
    for row in definitions.attributes:
        if row["data_type"] not in OPERATORS:
            yield Fault(
                row.file,
                row.line,
                f"attribute {shown(row['attribute'])}",
                f"data_type {shown(row['data_type'])}",
                f"allowed: {', '.join(OPERATORS)}",
            )


def _faults_of_clauses(definitions: Definitions) -> Iterator[Fault]:
    catalogue = {row["attribute"]: row for row in definitions.attributes}
    known = {row["tag"] for row in definitions.tags}
    for row in definitions.rules:
        if row["tag"] not in known:
            found = "a rule of a tag that tags.csv does not have"
            yield _told(row, found, "add the tag or remove the rule")
        if not re.fullmatch(r"[1-9]\d{0,2}", row["group_no"], re.ASCII):
            yield _told(row, f"group_no {shown(row['group_no'])}", "allowed: 1 to 999")
        if has_contact(row["value"]):
            yield _told(row, "a contact detail in a rule", "rules are about attributes, never about a person")
        yield from _faults_of_clause(row, catalogue)


def _faults_of_clause(row: Row, catalogue: Mapping[str, Row]) -> Iterator[Fault]:
    attribute = catalogue.get(row["attribute"])
    if attribute is None:
        found = f"unknown attribute {shown(row['attribute'])}"
        yield _told(row, found, "allowed: those of attributes.csv, of the tag's subject")
        return
    allowed = OPERATORS.get(attribute["data_type"], set())
    if row["operator"] not in allowed:
        yield _told(
            row,
            f"operator {shown(row['operator'])} for {attribute['data_type']} {row['attribute']}",
            f"allowed: {' '.join(sorted(allowed))}",
        )
    else:
        yield from _faults_of_value(row, attribute)


def _faults_of_value(row: Row, attribute: Row) -> Iterator[Fault]:
    name, value, kind = row["attribute"], row["value"], attribute["data_type"]
    if row["operator"] in WITHOUT_VALUE:
        if value:
            yield _told(row, f"value {shown(value)} for {row['operator']}", "leave it empty")
        return
    closed = _closed_list(attribute)
    if kind in {"text", "boolean"}:
        if not value or (closed and value not in closed):
            yield _told(row, f"{name} {shown(value)}", f"allowed: {', '.join(closed) or 'any text'}")
        return
    found = number(value)
    if found is None or (kind == "integer" and found != found.to_integral_value()):
        yield _told(row, f"{name} {shown(value)}", f"allowed: {kind} numbers, such as 30")
        return
    low, high = number(attribute["lowest"]), number(attribute["highest"])
    if (low is not None and found < low) or (high is not None and found > high):
        yield _told(
            row, f"{name} {value}", f"allowed: {attribute['lowest']} to {attribute['highest'] or 'any'}"
        )


def _faults_of_rules(definitions: Definitions, sound: Mapping[str, Rule]) -> Iterator[Fault]:
    named = {row["tag"] for row in definitions.rules}
    for tag in definitions.tags:
        if tag["tag"] not in named:
            yield _told(tag, "no rule", "give it at least one row in tag_rules.csv")
    for groups in _by_group(definitions.rules).values():
        for group_no, rows in groups.items():
            slots = {
                (row["attribute"], row["operator"], row["operator"] != "in" and row["value"]) for row in rows
            }
            if len(slots) > MOST_CLAUSES:
                yield _told(rows[0], f"{len(slots)} clauses in group {group_no}", f"allowed: {MOST_CLAUSES}")
    for rule in sound.values():
        for rows, box in zip(rule.groups, rule.boxes, strict=True):
            for attribute in (name for name, values in box.items() if not values):
                first = next(row for row in rows if row["attribute"] == attribute)
                yield _told(first, f"no value of {attribute} can meet the group", "let its clauses overlap")


def _faults_of_meaning(
    definitions: Definitions, meanings: Meanings, sound: Mapping[str, Rule]
) -> Iterator[Fault]:
    """Two tags that the same members meet, however their rules are written."""
    tags = {row["tag"]: row for row in reversed(definitions.tags)}
    met = [row for code, row in tags.items() if code in sound and sound[code].is_possible]
    met.sort(key=lambda row: row.line)
    for position, tag in enumerate(met):
        for first in met[:position]:
            if meanings.are_the_same(sound[tag["tag"]].boxes, sound[first["tag"]].boxes):
                yield _told(
                    tag, f"the same rule as {first['tag']} in line {first.line}", "one meaning, one tag"
                )
                break


def _by_group(rules: Iterable[Row]) -> dict[str, dict[str, list[Row]]]:
    by_tag: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rules:
        by_tag[row["tag"]][row["group_no"]].append(row)
    return by_tag


def _meanings(definitions: Definitions) -> Meanings:
    """The values that attributes can have, cut where any rule names a constant."""
    values: dict[str, frozenset[Value]] = {}
    for attribute in definitions.attributes:
        rows = [row for row in definitions.rules if row["attribute"] == attribute["attribute"]]
        closed = _closed_list(attribute)
        if attribute["data_type"] in NUMBERS:
            constants = [found for row in rows if (found := number(row["value"])) is not None]
            low, high = number(attribute["lowest"]), number(attribute["highest"])
            values[attribute["attribute"]] = stretches(attribute["data_type"], constants, low, high)
        elif closed:
            values[attribute["attribute"]] = frozenset({None, *closed})
        else:
            values[attribute["attribute"]] = frozenset(
                {None, ANY_OTHER_TEXT, *(row["value"] for row in rows)}
            )
    return Meanings(values)


def _sound_rules(definitions: Definitions, meanings: Meanings) -> dict[str, Rule]:
    """Rules whose every clause has no fault of its own, by tag: only those have a meaning."""
    catalogue = {row["attribute"]: row for row in definitions.attributes}
    rules = {}
    for tag, groups in _by_group(definitions.rules).items():
        rows = [row for group in groups.values() for row in group]
        if not any(True for row in rows for _ in _faults_of_clause(row, catalogue)):
            boxes = tuple(
                meanings.box([_clause(row, catalogue[row["attribute"]]) for row in group])
                for group in groups.values()
            )
            rules[tag] = Rule(tuple(tuple(group) for group in groups.values()), boxes)
    return rules


def _clause(row: Row, attribute: Row) -> Clause:
    is_number = attribute["data_type"] in NUMBERS
    return Clause(row["attribute"], row["operator"], number(row["value"]) if is_number else row["value"])


def _faults_of_conflicts(
    definitions: Definitions, meanings: Meanings, sound: Mapping[str, Rule]
) -> Iterator[Fault]:
    yield from _faults_of_pairs(definitions, definitions.conflicts, "over_tag", tuple)
    stronger: dict[str, list[Box]] = defaultdict(list)
    for row in definitions.conflicts:
        one, other = sound.get(row["tag"]), sound.get(row["over_tag"])
        if one and other and one is not other and other.is_possible:
            stronger[row["over_tag"]] += one.boxes
            if not meanings.less(other.boxes, stronger[row["over_tag"]]):
                found = f"nobody can hold {row['over_tag']}: it is always overridden"
                yield _told(row, found, "narrow one of the two")
    over: dict[str, set[str]] = defaultdict(set)
    for row in definitions.conflicts:
        over[row["tag"]].add(row["over_tag"])
    for row in definitions.conflicts:
        if row["tag"] in _reached(row["over_tag"], over):
            yield _told(
                row,
                f"a tie: {row['over_tag']} in turn goes before {row['tag']}",
                "let one of the two go first",
            )


def _faults_of_strategies(
    definitions: Definitions, meanings: Meanings, sound: Mapping[str, Rule]
) -> Iterator[Fault]:
    """Strategies for pairs of tags that nobody can hold together."""
    yield from _faults_of_pairs(definitions, definitions.strategies, "with_tag", frozenset)
    excluded = {frozenset((row["tag"], row["over_tag"])) for row in definitions.conflicts}
    for row in definitions.strategies:
        one, other = sound.get(row["tag"]), sound.get(row["with_tag"])
        if frozenset((row["tag"], row["with_tag"])) in excluded:
            yield _told(
                row, f"{row['with_tag']} and it exclude each other", "choose tags that stand together"
            )
        elif one and other and not meanings.meet(one.boxes, other.boxes):
            yield _told(row, f"nobody can meet it and {row['with_tag']}", "choose tags that stand together")


def _faults_of_pairs(
    definitions: Definitions, pairs: Iterable[Row], second: str, pair_of: type[tuple] | type[frozenset]
) -> Iterator[Fault]:
    known = {row["tag"] for row in definitions.tags}
    first_of: dict[Collection[str], Row] = {}
    for row in pairs:
        for column in ("tag", second):
            if row[column] not in known:
                found = f"{column} {shown(row[column])} is no tag"
                yield _told(row, found, "allowed: codes of tags.csv, of one subject")
        first = first_of.setdefault(pair_of((row["tag"], row[second])), row)
        if first is not row:
            yield _told(row, f"a tie: the pair stands in line {first.line} as well", "name it once")


def _reached(start: str, over: dict[str, set[str]]) -> set[str]:
    found, waiting = {start}, [start]
    while waiting:
        new: Iterable[str] = over.get(waiting.pop(), set()) - found
        found |= set(new)
        waiting += new
    return found


def _closed_list(attribute: Row) -> list[str]:
    """Every text that an attribute can have; nothing where any text may come."""
    if attribute["data_type"] == "boolean":
        return ["true", "false"]
    return attribute["allowed_values"].split("|") if attribute["allowed_values"] else []
