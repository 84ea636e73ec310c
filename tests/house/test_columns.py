"""Texts of columns: what stands in three places is one block of `columns.md`.

Belongs here: counting the texts of columns, in twins and seeds.
Does not: whether a column has a text (test_models.py).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import yaml

from orchestration.project import DBT_PROJECT_DIR, SEEDS_DIR

MOST = 2
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
BLOCKS = (DBT_PROJECT_DIR / "models" / "columns.md").read_text(encoding="utf-8")
_BLOCK = re.compile(r"docs \w+ %\}\n(.*?)\n\{% enddocs", re.DOTALL)
_USE = re.compile(r"\{\{ doc\('(\w+)'\) \}\}")


def described(properties: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Everything in a file of properties that has columns."""
    yield from properties.get("models", [])
    yield from properties.get("seeds", [])
    for source in properties.get("sources", []):
        yield from source["tables"]


def texts(files: Iterable[dict[str, Any]]) -> list[str]:
    """The text of every column as it is written."""
    return [
        " ".join(column["description"].split())
        for properties in files
        for each in described(properties)
        for column in each.get("columns", [])
    ]


def repeated(written: Iterable[str]) -> list[str]:
    """Texts that are written out too often."""
    counts = Counter(text for text in written if not _USE.fullmatch(text))
    return sorted(text for text, times in counts.items() if times > MOST)


def read_files() -> list[dict[str, Any]]:
    """Every file of properties of the project."""
    return [
        yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        or {}
        for folder in (DBT_PROJECT_DIR / "models", SEEDS_DIR)
        for path in sorted(folder.rglob("*.yml"))
    ]


def test_no_text_of_a_column_stands_three_times():
    assert repeated(texts(read_files())) == []


def test_every_block_is_used():
    used = {found.group(1) for text in texts(read_files()) if (found := _USE.fullmatch(text))}

    assert used == set(re.findall(r"\{% docs (\w+) %\}", BLOCKS))


def test_a_block_is_one_line_so_that_comments_are():
    assert all("\n" not in block for block in _BLOCK.findall(BLOCKS))


def test_a_third_time_is_found_wherever_it_stands():
    column = {"name": "region", "description": "Sales\n  region."}
    block = {"name": "city", "description": "{{ doc('city') }}"}
    model, seed = {"models": [{"columns": [column, block]}]}, {"seeds": [{"columns": [column, block]}]}
    source = {"sources": [{"tables": [{"columns": [column, block]}]}]}

    assert repeated(texts([model, seed])) == []
    assert repeated(texts([model, seed, source])) == ["Sales region."]
