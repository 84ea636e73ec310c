"""A mapping: which column of a shop's files is which field, and how its values are written; kept as yml.

Belongs here: the mapping, writing it for people to read and edit, reading it back.
Does not: proposing one (recognising.py), applying it (converting.py).
"""

from __future__ import annotations

from collections.abc import Mapping as Lookup
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from orchestration.core.errors import InputFault
from orchestration.importing.forms import COMMA, DAY_FIRST, MONTH_FIRST, POINT

_HEAD = """\
# How the files of this shop become Rekindle's tables. `rekindle import` made it, and reads it for every
# further file with these columns. Edit it as you like: `columns` says ours: theirs, `left_out` what is not
# used.
# words: codes for words of the files that Rekindle does not know, such as  status: {Versandt: completed}
"""
_FILE_WORDS = {"rows", "decimal", "dates", "epochs", "per_line", "columns", "left_out"}
_WORDS = {"shape", "system", "channel", "fills_down", "words", "files"}


@dataclass(frozen=True)
class FileMapping:
    """How files with the same headings are read.

    Attributes:
        rows: What a row is: a table of the contract, or `order_lines`, `order_payments`, `order_customers`.
        columns: Heading by field.
        left_out: Headings that are not used.
        decimal: `point` or `comma`.
        dates: `day-first` or `month-first`.
        epochs: Whether times are seconds or milliseconds since 1970.
        per_line: Whether `net_amount` is of the line, to be added up, and not of the order.
    """

    rows: str
    columns: Lookup[str, str]
    left_out: tuple[str, ...] = ()
    decimal: str = POINT
    dates: str = DAY_FIRST
    epochs: bool = False
    per_line: bool = False

    @property
    def headings(self) -> tuple[str, ...]:
        """All headings that are known."""
        return (*self.columns.values(), *self.left_out)


@dataclass(frozen=True)
class Mapping:
    """How the files of a shop are read.

    Attributes:
        shape: A shape of import_shapes.
        system: Code of the system, where the files have none.
        channel: Channel of orders that tell none.
        fills_down: Whether lines without an order number belong to the order above.
        files: One per kind of file.
        words: Codes by field and word, beside those of import_words.
    """

    shape: str
    system: str
    channel: str
    fills_down: bool
    files: tuple[FileMapping, ...]
    words: Lookup[str, Lookup[str, str]] = field(default_factory=dict)


def written(mapping: Mapping) -> str:
    """The mapping as the yml file that keeps it."""
    content = {
        "shape": mapping.shape,
        "system": mapping.system,
        "channel": mapping.channel,
        "fills_down": mapping.fills_down,
        "words": {name: dict(words) for name, words in mapping.words.items()},
        "files": [
            {
                "rows": file.rows,
                "decimal": file.decimal,
                "dates": file.dates,
                "epochs": file.epochs,
                "per_line": file.per_line,
                "columns": dict(file.columns),
                "left_out": list(file.left_out),
            }
            for file in mapping.files
        ],
    }
    return _HEAD + yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=110)


def read_mapping(path: Path) -> Mapping | None:
    """The mapping a file keeps; None where there is none.

    Raises:
        InputFault: It is no mapping.
    """
    if not path.exists():
        return None
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputFault(f"{path} is no YAML that can be read. Mend it, or remove it to map anew.") from error
    faults = list(_faults(content))
    if faults:
        listed = "\n".join(f"  - {fault}" for fault in faults)
        raise InputFault(f"{path} is no mapping:\n{listed}\nMend it, or remove it to map anew.")
    return Mapping(
        content["shape"],
        content["system"],
        content["channel"],
        content.get("fills_down", False),
        tuple(_file(each) for each in content["files"]),
        content.get("words") or {},
    )


def _file(entry: dict[str, Any]) -> FileMapping:
    return FileMapping(
        entry["rows"],
        {str(ours): str(theirs) for ours, theirs in (entry.get("columns") or {}).items()},
        tuple(map(str, entry.get("left_out") or ())),
        entry.get("decimal", POINT),
        entry.get("dates", DAY_FIRST),
        entry.get("epochs", False),
        entry.get("per_line", False),
    )


def _faults(content: Any) -> list[str]:
    if not isinstance(content, dict) or not isinstance(content.get("files"), list):
        return ["it needs `shape`, `system`, `channel` and a list `files`"]
    faults = [f"unknown word {word!r}" for word in content if word not in _WORDS]
    faults += [
        f"{word} must be a text"
        for word in ("shape", "system", "channel")
        if not isinstance(content.get(word), str)
    ]
    words = content.get("words") or {}
    if not isinstance(words, dict) or not all(isinstance(each, dict) for each in words.values()):
        faults.append("words must be a list of codes by word for each field")
    for place, entry in enumerate(content["files"], 1):
        where = f"file {place}"
        if not isinstance(entry, dict) or not isinstance(entry.get("rows"), str):
            faults.append(f"{where}: it needs `rows` and `columns`")
            continue
        faults += [f"{where}: unknown word {word!r}" for word in entry if word not in _FILE_WORDS]
        if not isinstance(entry.get("columns") or {}, dict):
            faults.append(f"{where}: columns must say ours: theirs")
        if entry.get("decimal", POINT) not in (POINT, COMMA):
            faults.append(f"{where}: decimal must be {POINT} or {COMMA}")
        if entry.get("dates", DAY_FIRST) not in (DAY_FIRST, MONTH_FIRST):
            faults.append(f"{where}: dates must be {DAY_FIRST} or {MONTH_FIRST}")
    return faults
