"""The list of edits that tests must find stays true: each text stands in its file, each test is there."""

import re

from orchestration.project import PROJECT_DIR
from tests.mutants.edits import MUTANTS


def test_every_text_stands_once_in_its_file_and_is_another_after_the_edit():
    counts = {
        str(mutant): (PROJECT_DIR / mutant.file).read_text(encoding="utf-8").count(mutant.text)
        for mutant in MUTANTS
    }
    assert {name: count for name, count in counts.items() if count != 1} == {}
    assert [str(mutant) for mutant in MUTANTS if mutant.text == mutant.instead] == []


def test_every_test_that_finds_one_is_there():
    missing = []
    for mutant in MUTANTS:
        file, _, name = mutant.killed_by.partition("::")
        path = PROJECT_DIR / file
        if not path.is_file() or (name and f"def {name}(" not in path.read_text(encoding="utf-8")):
            missing.append(f"{mutant}: {mutant.killed_by}")
    assert missing == []


def test_every_unit_test_of_dbt_that_finds_one_is_there():
    told = "\n".join(
        file.read_text(encoding="utf-8") for file in (PROJECT_DIR / "dbt_project" / "models").rglob("*.yml")
    )
    names = set(re.findall(r"^  - name: (\w+__\w+)$", told, re.MULTILINE))
    assert {mutant.unit for mutant in MUTANTS if mutant.unit} - names == set()


def test_no_edit_stands_twice_in_the_list():
    assert len({(mutant.file, mutant.text, mutant.instead) for mutant in MUTANTS}) == len(MUTANTS) >= 60
