"""The chain that was built once, the tiny project to kill runs of, and the seed that decides where."""

import os
import random
import sys

import pytest

from tests.built import chain
from tests.orchestration.conftest import published_once, tiny

__all__ = ["chain", "published_once", "tiny"]

SEED_VARIABLE = "REKINDLE_FAULT_SEED"


@pytest.fixture
def seed(capsys):
    """Another one each time, printed; the same kills come again where the environment names it."""
    chosen = int(os.environ.get(SEED_VARIABLE) or random.SystemRandom().randrange(1_000_000))
    with capsys.disabled():
        sys.stdout.write(f" [{SEED_VARIABLE}={chosen}]")
    return chosen
