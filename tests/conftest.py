"""The suite as a whole: what takes long comes first, so that no process is left with it at the end; examples.

`make test` draws the same examples on the same tree each time, so that it checks the tree and not the day;
`make test-all` draws new ones.

Belongs here: what concerns the suite as a whole.
Does not: fixtures; those lie beside the tests that use them.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# Each core has a process of the suite: threads of linear algebra would only wait for one another.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
settings.register_profile("repeatable", derandomize=True)

LONG = ("warehouse", "orchestration", "e2e", "bite", "faults", "erasure", "exports")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the folders above first, each in its own order."""
    here = Path(__file__).parent

    def rank(item: pytest.Item) -> int:
        folder = item.path.relative_to(here).parts[0]
        return LONG.index(folder) if folder in LONG else len(LONG)

    items.sort(key=rank)
