"""Definitions edited badly: every reader takes them or refuses them in a sentence that names a file.

Belongs here: every edit of every file of seeds, before everybody who reads it in Python.
Does not: making the edits (seed_edits.py), what a rule of campaigns or tags says (tests/core).
"""

from __future__ import annotations

import os
import random
import re
import shutil
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path

import pytest

from orchestration.assets.definition_files import answers
from orchestration.core.errors import RekindleError
from orchestration.definitions_files.campaigns import MARKS, check_campaigns
from orchestration.definitions_files.hashes import definition_hashes
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
    content = file.read_bytes()
    after = edited(content, edit)
    file.unlink()
    if after is not None:
        file.write_bytes(after)
    elif edit.kind == "a folder":
        file.mkdir()
    found = []
    try:
        for reader in readers:
            try:
                reader(seeds)
            except RekindleError as error:
                found += [f"{edit}: {fault}" for fault in faults_of_words(str(error))]
            except Exception as error:
                found.append(f"{edit}: {type(error).__name__}: {str(error)[:200]}")
    finally:
        if file.is_dir():
            file.rmdir()
        file.write_bytes(content)
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
