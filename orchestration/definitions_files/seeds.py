"""Every file of `seeds/` and what the yml files beside declare of it: columns, types, keys, references.

Belongs here: reading the declarations, finding the files, refusing those that are not as declared.
Does not: what is a fault (core.seed_rows), rules of what rows mean (the modules beside, dbt's tests).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from orchestration.core.definition_rows import HEADER, Fault, Row, beside, refuse
from orchestration.core.errors import InputFault
from orchestration.core.seed_rows import Reference, Seed, reference_faults, seed_faults
from orchestration.definitions_files.conditions import condition_faults
from orchestration.definitions_files.rows import Table, read_table
from orchestration.project import SEEDS_DIR

_REF = re.compile(r"ref\('(\w+)'\)")
Files = Mapping[str, Path]
"""Where the file of each seed lies, by the seed's name."""


def declared_seeds(seeds_dir: Path = SEEDS_DIR) -> Mapping[str, Seed]:
    """Every seed that a yml file below a folder declares, by its name."""
    files = sorted(seeds_dir.rglob("*.yml"))
    return _declared(tuple((file, file.stat().st_mtime_ns) for file in files))


@lru_cache(maxsize=4)
def _declared(files: tuple[tuple[Path, int], ...]) -> Mapping[str, Seed]:
    # The parser in C: a tenth of the time, and every command that shows labels waits for it.
    read = [yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader) or {} for file, _ in files]
    return {each["name"]: _seed(each) for content in read for each in content.get("seeds", [])}


def _seed(declared: Mapping[str, Any]) -> Seed:
    rules = [test["rules"]["arguments"] for test in declared.get("data_tests", []) if "rules" in test]
    keys = [key for rule in rules for key in (rule.get("key"), *rule.get("keys", {}).values()) if key]
    references, conditions = list[Reference](), dict[str, str]()
    for each in (each for rule in rules for each in rule.get("references", [])):
        field, per = each.get("field", each["column"]), each.get("per", "")
        reference = Reference(each["column"], each["to"].split("'")[1], field, per)
        if reference.column in declared["config"]["column_types"]:
            references.append(reference)
        else:  # Of a file of settings the reference is one of a setting, not of a column.
            known = f"select {reference.field} from {{{{ ref('{reference.seed}') }}}}"
            conditions[f"{reference.column} in {reference.seed}"] = f"{reference.column} in ({known})"
    for rule in rules:
        conditions |= rule.get("conditions", {})
    asked = {name for condition in conditions.values() for name in _REF.findall(condition)}
    return Seed(
        declared["name"],
        declared["config"]["column_types"],
        tuple(map(tuple, keys)),
        tuple(references),
        conditions,
        tuple(sorted(asked)),
    )


def files_of(seeds_dir: Path = SEEDS_DIR) -> dict[str, Path]:
    """Every CSV file below a folder, by the name of its seed."""
    return {file.stem: file for file in sorted(seeds_dir.rglob("*.csv"))}


def check_readable(seeds_dir: Path = SEEDS_DIR) -> None:
    """Refuse a folder of which a declared file is missing or any is no CSV: dbt could not even parse it.

    Raises:
        InputFault: The first such file.
    """
    files = files_of(seeds_dir)
    for name in declared_seeds(seeds_dir):
        _file(name, files)
    for file in files.values():
        read_table(file)


def _file(name: str, files: Files) -> Path:
    if name not in files:
        raise InputFault(
            f"{name}.csv is missing, which the yml files of the definitions declare. Bring it back."
        )
    return files[name]


def faults_of(names: Iterable[str], files: Files) -> Iterator[Fault]:
    """Every fault of some seeds against what is declared of them.

    Args:
        names: Names of the seeds; those that are not declared are passed over.
        files: Where they lie, and those they refer to.

    Raises:
        InputFault: A file is missing or no CSV.
    """
    declared, read = declared_seeds(), dict[str, Table]()

    def table(name: str) -> Table:
        if name not in read:
            read[name] = read_table(_file(name, files))
        return read[name]

    for seed in (declared[name] for name in names if name in declared):
        found = list(seed_faults(seed, table(seed.name).header, table(seed.name).rows))
        yield from found
        if seed.conditions and not any(fault.line == HEADER for fault in found):
            asked = {name: table(name) for name in (seed.name, *seed.asked)}
            yield from beside(found, condition_faults(seed, asked, declared))
        others = {each: table(each.seed).rows for each in seed.references if each.seed in declared}
        yield from reference_faults(table(seed.name).rows, others)


def folder_faults(folder: Path, seeds_dir: Path = SEEDS_DIR) -> Iterator[Fault]:
    """Every fault of the files of one folder against what is declared of them."""
    return faults_of(files_of(folder), files_of(seeds_dir))


def check_seeds(seeds_dir: Path = SEEDS_DIR) -> None:
    """Compare every file with what is declared of it, before a build begins.

    Raises:
        InputFault: With every fault of all files.
    """
    check_readable(seeds_dir)
    said = [*files_of(seeds_dir).values(), *sorted(seeds_dir.rglob("*.yml"))]
    _check(seeds_dir, tuple((file, file.read_bytes()) for file in said))


# A process that begins several builds asks once of files that did not change. A refusal is not kept.
@lru_cache(maxsize=2)
def _check(seeds_dir: Path, _said: tuple[tuple[Path, bytes], ...]) -> None:
    files = files_of(seeds_dir)
    refuse(faults_of(files, files), "seed")


def sound_rows(file: str, seeds_dir: Path = SEEDS_DIR) -> tuple[Row, ...]:
    """The rows of a seed, of which each cell is of its type and each row has a key of its own.

    Args:
        file: Its path below the folder of all definitions, such as `exports/copy_fallbacks.csv`.
        seeds_dir: Folder of all definitions.

    Raises:
        InputFault: With every fault of the file.
    """
    path = seeds_dir / file
    table = read_table(path)
    refuse(seed_faults(declared_seeds()[path.stem], table.header, table.rows), "seed")
    return table.rows
