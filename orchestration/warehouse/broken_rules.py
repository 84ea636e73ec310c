"""Which rules a failed `rules` test found broken; of a seed also the file, the lines and what is allowed.

Belongs here: asking the open warehouse again what dbt only counted, and putting it into words.
Does not: running dbt (``dbt.py``), the rules themselves (``dbt_project/tests/generic/rules.sql``).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from orchestration.core.definition_rows import Row, number
from orchestration.core.summary import counted
from orchestration.definitions_files.rows import read_rows

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

BrokenRules = dict[str, dict[str, int]]
"""By the unique id of a failed ``rules`` test: each broken rule and the rows that break it."""

_SHOWN_LINES = 5


def broken_rules(test: Any, manifest: Manifest, handle: Any) -> BrokenRules:
    """What dbt itself does not tell: which rules a failed test found broken.

    Args:
        test: The test's node, compiled.
        manifest: The project.
        handle: dbt's open warehouse; closed afterwards.
    """
    try:
        if getattr(test, "test_metadata", None) is None or test.test_metadata.name != "rules":
            return {}
        cursor = handle.cursor()
        rows: dict[str, int] = dict(cursor.execute(test.compiled_code).fetchall())
        seed = manifest.nodes.get(test.attached_node or "")
        if seed is not None and seed.resource_type == "seed":
            rows = {_in_file(rule, seed, test.test_metadata.kwargs, cursor): n for rule, n in rows.items()}
        return {test.unique_id: rows}
    finally:
        handle.close()


def told_rules(broken: Mapping[str, int]) -> str:
    """Broken rules with their rows in one line."""
    return ", ".join(f"{rule}: {counted(rows, 'row')}" for rule, rows in broken.items())


def _in_file(rule: str, seed: Any, arguments: Mapping[str, Any], cursor: Any) -> str:
    """The rule with the file it is broken in, the lines of its rows and the condition they do not meet."""
    file = Path(seed.root_path) / seed.original_file_path
    condition = arguments.get("conditions", {}).get(rule)
    if condition is None:
        return f"{rule} in {file.name}"
    lines = _lines(file, seed, arguments.get("key", []), condition, cursor)
    return f"{rule} in {file.name}{':' if lines else ''}{', '.join(map(str, lines))} (allowed: {condition})"


def _lines(file: Path, seed: Any, key: list[str], condition: str, cursor: Any) -> list[int]:
    """The first lines that do not meet a condition; none where the condition is not one of single rows."""
    broken = f"from {seed.relation_name} as checked where not coalesce(({condition}), false)"
    try:
        wanted = cursor.execute(f"select {', '.join(key)} {broken}").fetchall()
    except duckdb.Error:
        return []
    found = [row.line for row in read_rows(file) for values in wanted if _is_it(row, key, values)]
    return found[:_SHOWN_LINES]


def _is_it(row: Row, key: list[str], values: tuple[Any, ...]) -> bool:
    return all(
        row[column] == str(value) or (value is not None and number(row[column]) == value)
        for column, value in zip(key, values, strict=True)
    )
