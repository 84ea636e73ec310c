"""Definitions edited badly: every reader takes them or refuses them in a sentence that names a file.

Belongs here: every edit of every file of seeds, before everybody who reads it in Python.
Does not: making the edits (seed_edits.py), what a rule of campaigns or tags says (tests/core).
"""

from __future__ import annotations

import os
import random
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from functools import partial
from pathlib import Path

import duckdb
import pytest

from orchestration.assets.definition_files import answers
from orchestration.core.definition_rows import Row
from orchestration.core.errors import RekindleError
from orchestration.definitions_files.campaigns import MARKS, check_campaigns
from orchestration.definitions_files.conditions import condition_faults
from orchestration.definitions_files.hashes import definition_hashes
from orchestration.definitions_files.rows import Table, read_rows
from orchestration.definitions_files.seeds import check_seeds, declared_seeds, faults_of, files_of, sound_rows
from orchestration.definitions_files.settings import check_settings
from orchestration.definitions_files.tags import check_definitions
from orchestration.exports.definitions import read_definitions
from orchestration.fits.churn_panel import read_features
from orchestration.fits.churn_parameters import read_fit_settings
from orchestration.fits.churn_versions import read_model_settings
from orchestration.ledger.rules import declared_rules
from orchestration.project import SEEDS_DIR
from orchestration.readers import audience_tables
from orchestration.readers.states import STATES
from tests.faults.seed_edits import Edit, edited, edits_of

DAY, MONDAY = date(2025, 12, 28), date(2025, 12, 29)
SEED = int(os.environ.get("REKINDLE_FAULT_SEED", "20251228"))
"""Another one draws another sample; a failure names the one it was drawn with."""
SAMPLE = 150
ALL = [
    edit
    for file in sorted(SEEDS_DIR.rglob("*.csv"))
    for edit in edits_of(str(file.relative_to(SEEDS_DIR)), file.read_bytes())
]
CAMPAIGNS = ("campaigns", "benefits", "calendar")
CHECKED = (*CAMPAIGNS, "tags")
MARKED = {file for file, _ in MARKS.values()} | {"tags/tags.csv"}
SHOWN = {state.seed for state in STATES} | {"campaigns/drop_reasons.csv", "campaigns/journey_states.csv"}

Reader = Callable[[Path], object]


def labels(seeds: Path) -> None:
    """Every label that a command shows."""
    for state in STATES:
        sound_rows(state.seed, seeds)
    sound_rows("campaigns/drop_reasons.csv", seeds)
    audience_tables.outcomes()
    audience_tables.labels_of("journey_states.csv", "state")


def readers_of(file: str) -> list[Reader]:
    """Everybody in Python who reads a file."""
    folder, name = file.removesuffix(".csv").split("/")

    def faults(seeds: Path) -> None:
        list(faults_of([name], files_of(seeds)))

    found: list[Reader] = [faults]
    if file in SHOWN:
        found.append(labels)
    if folder == "tags":
        found += [lambda seeds: check_definitions(DAY, seeds / "tags"), definition_hashes]
    if folder in CAMPAIGNS or file in MARKED:
        found.append(lambda seeds: check_campaigns(DAY, seeds))
    if folder in CAMPAIGNS:
        found += [definition_hashes, partial(declared_rules, "second_order", MONDAY)]
    if folder in ("benefits", "campaigns", "exports"):
        found.append(read_definitions)
    if folder == "churn":
        found += [read_features, read_fit_settings, read_model_settings]
    if name.endswith("_settings"):
        found.append(check_settings)
    return found


@pytest.fixture(scope="module")
def seeds(tmp_path_factory):
    """A copy of every definition."""
    return shutil.copytree(SEEDS_DIR, tmp_path_factory.mktemp("edited") / "seeds")


@pytest.fixture(autouse=True)
def shown_labels(seeds, monkeypatch):
    """Who shows labels looks at the copy."""
    monkeypatch.setattr(audience_tables, "sound_rows", lambda file: sound_rows(file, seeds))


def faults_after(edit: Edit, seeds: Path, readers: list[Reader]) -> list[str]:
    """What is wrong with how readers take an edit; nothing where each takes or refuses it."""
    file = seeds / edit.file
    found = []
    with planted(file, edited(file.read_bytes(), edit), edit.kind):
        for reader in readers:
            try:
                reader(seeds)
            except RekindleError as error:
                found += [f"{edit}: {fault}" for fault in faults_of_words(str(error))]
            except Exception as error:
                found.append(f"{edit}: {type(error).__name__}: {str(error)[:200]}")
    return found


def faults_of_words(text: str) -> list[str]:
    """What a refusal lacks."""
    found = []
    if not re.search(r"\w+\.csv", text):
        found.append(f"names no file: {text[:200]}")
    if "example.org" in text:
        found.append("shows a contact detail")
    if "Traceback" in text or not text.strip():
        found.append(f"is no sentence: {text[:200]}")
    return found


def told(faults: list[str]) -> str:
    return f"drawn with REKINDLE_FAULT_SEED={SEED}:\n" + "\n".join(faults[:20])


def test_the_definitions_as_they_are_pass_every_reader(seeds):
    for file in sorted(seeds.rglob("*.csv")):
        for reader in readers_of(str(file.relative_to(seeds))):
            reader(seeds)
    check_seeds(seeds)


def test_a_sample_of_edits_is_taken_or_refused_in_a_sentence(seeds):
    drawn = random.Random(SEED).sample(ALL, SAMPLE)
    faults = [fault for edit in drawn for fault in faults_after(edit, seeds, readers_of(edit.file))]
    assert faults == [], told(faults)


@pytest.mark.slow
@pytest.mark.parametrize("file", sorted({edit.file for edit in ALL}))
def test_every_edit_is_taken_or_refused_in_a_sentence(seeds, file):
    edits = [edit for edit in ALL if edit.file == file]
    faults = [fault for edit in edits for fault in faults_after(edit, seeds, readers_of(file))]
    assert faults == [], told(faults)


def commands_that_take(edit: Edit, seeds: Path) -> list[str]:
    """The command that checks a file's definitions, where it finds nothing of what a build refuses."""
    is_tags = edit.file.startswith("tags/")
    with planted(seeds / edit.file, edited((seeds / edit.file).read_bytes(), edit), edit.kind):
        # Drafts of tags lie beside the other definitions as they are.
        finds = is_refused(
            lambda: check_definitions(DAY, seeds / "tags") if is_tags else check_campaigns(DAY, seeds)
        )
        name = "tags check" if is_tags else "campaigns check"
        return [name] if not finds and refused_by_a_build(seeds) else []


def is_refused(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except RekindleError:
        return True
    return False


def refused_by_a_build(seeds: Path) -> bool:
    """Whether something of definitions keeps a build from beginning."""
    return (
        is_refused(lambda: check_seeds(seeds))
        or is_refused(lambda: check_settings(seeds))
        or is_refused(lambda: check_campaigns(DAY, seeds))
        or is_refused(lambda: check_definitions(DAY, seeds / "tags"))
    )


@contextmanager
def planted(file: Path, after: bytes | None, kind: str) -> Iterator[None]:
    """The file with other content, or none, while the block runs."""
    content = file.read_bytes()
    file.unlink()
    if after is not None:
        file.write_bytes(after)
    elif kind == "a folder":
        file.mkdir()
    try:
        yield
    finally:
        if file.is_dir():
            file.rmdir()
        file.write_bytes(content)


def test_what_keeps_a_build_from_beginning_is_found_by_the_command_that_checks(seeds):
    drawn = random.Random(SEED).sample(
        [edit for edit in ALL if edit.file.split("/")[0] in CHECKED], SAMPLE // 5
    )
    missed = [f"{edit}: {name}" for edit in drawn for name in commands_that_take(edit, seeds)]
    assert missed == [], told(missed)


@pytest.fixture(scope="module")
def built_seeds(chain, seeds):
    """Every seed as a table, as dbt's tests of seeds read it; and those tests, by the name of the seed."""
    tests = [
        test
        for test in chain.data_tests.values()
        if test["depends_on"]["nodes"] and all(n.startswith("seed.") for n in test["depends_on"]["nodes"])
    ]
    with duckdb.connect() as connection:
        connection.execute(f'attach \':memory:\' as "{chain.build.file.stem}"; use "{chain.build.file.stem}"')
        connection.execute("create schema seeds")
        for name, file in files_of(seeds).items():
            put_as_table(connection, name, file)
        yield connection, tests


def put_as_table(connection, name, file):
    """A seed as dbt makes it a table: an empty cell is null, every other of its type."""
    seed = declared_seeds()[name]
    columns = ", ".join(f'"{column}" {kind}' for column, kind in seed.columns.items())
    connection.execute(f"create or replace table seeds.{name} ({columns})")
    rows = [[row[column] or None for column in seed.columns] for row in read_rows(file)]
    if rows:
        connection.executemany(f"insert into seeds.{name} values ({', '.join('?' * len(rows[0]))})", rows)


def broken_rules(connection, tests, name):
    """The rules that dbt's tests of a seed, and of those that refer to it, find broken."""
    asked = [test for test in tests if any(node.endswith(f".{name}") for node in test["depends_on"]["nodes"])]
    return [
        f"{test['name']}: {rule}"
        for test in asked
        for rule, *_ in connection.execute(test["compiled_code"]).fetchall()
        if test["name"].endswith("rules")
    ]


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("drawn", [SAMPLE // 5, pytest.param(SAMPLE * 4, marks=pytest.mark.slow)])
def test_a_rule_of_a_seed_that_dbt_would_find_broken_is_named_before_with_file_and_line(
    seeds, built_seeds, drawn
):
    connection, tests = built_seeds
    assert len(tests) > 50
    missed = []
    for edit in random.Random(SEED).sample(ALL, drawn):
        name = Path(edit.file).stem
        with planted(seeds / edit.file, edited((seeds / edit.file).read_bytes(), edit), edit.kind):
            if is_refused(lambda: check_seeds(seeds)) or is_refused(lambda: check_settings(seeds)):
                continue
            put_as_table(connection, name, seeds / edit.file)
            missed += [f"{edit}: {rule}" for rule in broken_rules(connection, tests, name)]
        put_as_table(connection, name, seeds / edit.file)
    assert missed == [], told(missed)


@pytest.mark.parametrize("name", sorted(name for name, seed in declared_seeds().items() if seed.conditions))
def test_every_condition_of_a_seed_is_asked_of_its_rows_and_unknown_is_no(name):
    seed = declared_seeds()[name]
    nothing = Row(f"{name}.csv", 2, dict.fromkeys(seed.columns, ""))
    tables = {other: Table((), ()) for other in seed.asked} | {name: Table(tuple(seed.columns), (nothing,))}
    found = list(condition_faults(seed, tables, declared_seeds()))
    assert {fault.found for fault in found} == {f"{name.replace('_', ' ')}: no" for name in seed.conditions}


def test_a_cell_of_another_type_is_named_by_file_line_and_column_whatever_reads_it(seeds):
    missed = []
    for name, file in files_of(seeds).items():
        content = file.read_bytes()
        for at, (column, kind) in enumerate(declared_seeds()[name].columns.items()):
            edit = Edit(str(file.relative_to(seeds)), "text", 0, at)
            if kind == "varchar" or content.count(b"\n") < 2:
                continue
            file.write_bytes(edited(content, edit))
            texts = [str(fault) for fault in faults_of([name], files_of(seeds))]
            file.write_bytes(content)
            if not any(
                text.startswith(f"{name}.csv:2 ") and f"{column} 'plenty'; allowed: " in text
                for text in texts
            ):
                missed.append(f"{name}.{column} ({kind}): {texts}")
    assert missed == []


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("row twice", "exit_reason stands in line 2 as well; name it once"),
        ("row left out", "category_group 'fast_moving'; allowed: "),
        ("column left out", "its columns are "),
        ("column moved", "columns in another order; its columns are "),
        ("column renamed", "unknown column "),
    ],
)
def test_what_only_dbt_reads_is_refused_before_dbt_sees_it(seeds, kind, said):
    file = "lifecycle/category_groups.csv" if kind == "row left out" else "campaigns/journey_exits.csv"
    content = (seeds / file).read_bytes()
    (seeds / file).write_bytes(edited(content, Edit(file, kind)))
    try:
        with pytest.raises(RekindleError) as refused:
            check_seeds(seeds)
    finally:
        (seeds / file).write_bytes(content)
    assert said in str(refused.value)


def test_a_layer_of_another_subject_is_refused_before_dbt_sees_it(seeds):
    file = seeds / "tags" / "tag_layers.csv"
    content = file.read_bytes()
    file.write_bytes(content.replace(b"product,frequency", b"other,frequency"))
    try:
        with pytest.raises(RekindleError) as refused:
            check_seeds(seeds)
    finally:
        file.write_bytes(content)
    assert "layer 'frequency'; allowed: need, discount, audience, stock" in str(refused.value)


def test_the_checks_of_dagster_refuse_what_the_readers_refuse(seeds):
    file = seeds / "value" / "value_tiers.csv"
    content = file.read_bytes()
    file.write_bytes(content.replace(b"0.80", b"most"))
    try:
        failed = [each for each in answers(seeds, DAY) if not each.passed]
    finally:
        file.write_bytes(content)
    assert [each.check_name for each in failed] == ["value_files_are_as_declared"]
    assert "value_tiers.csv:2 'A': revenue_share_below 'most'; allowed: a number" in str(
        failed[0].metadata["at fault"].value
    )
