"""Ten edits that turn the product wrong, drawn anew each time: the test that is named fails of each."""

import os
import random
import sys

import pytest

from tests.mutants.edits import MUTANTS
from tests.mutants.trying import survives

SEED_VARIABLE = "REKINDLE_FAULT_SEED"
SEED = int(os.environ.get(SEED_VARIABLE) or random.SystemRandom().randrange(1_000_000))
DRAWN = 10


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("place", range(DRAWN))
def test_an_edit_that_turns_the_product_wrong_is_found(place, capsys):
    mutant = random.Random(SEED).sample(MUTANTS, DRAWN)[place]
    with capsys.disabled():
        sys.stdout.write(f" [{SEED_VARIABLE}={SEED}, {mutant}]")
    assert survives(mutant) == ""
