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
from hypothesis import HealthCheck, settings

# Each core has a process of the suite: threads of linear algebra would only wait for one another.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# No test asserts a time: a slow draw is no fault. What a fixture makes is there for all examples of a test.
_DRAWN = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
}
settings.register_profile("drawn", **_DRAWN)
settings.register_profile("repeatable", derandomize=True, **_DRAWN)
settings.load_profile("drawn")

# The first makes the chain, which takes half a minute; the second needs none, so nobody waits for it.
FIRST = (
    "orchestration/test_tags_published.py", "warehouse", "orchestration", "e2e", "bite", "faults", "erasure",
    "exports",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files and folders above first, each in its own order."""
    here = Path(__file__).parent

    def rank(item: pytest.Item) -> int:
        path = item.path.relative_to(here)
        places = (number for number, place in enumerate(FIRST) if path.is_relative_to(place))
        return next(places, len(FIRST))

    items.sort(key=rank)
