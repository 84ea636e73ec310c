"""The settings of `seeds/<domain>/<domain>_settings.csv`, read for whoever needs one in Python.

Belongs here: finding the files and which settings there are, refusing them when they are at fault.
Does not: what is a fault (core.settings), what a setting does.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from orchestration.core.definition_rows import Fault, refuse
from orchestration.core.settings import Types, Value, setting_faults, typed
from orchestration.definitions_files.rows import read_rows
from orchestration.definitions_files.variables import project_variables
from orchestration.project import SEEDS_DIR

FOLDERS = {
    "campaign_settings": "campaigns",
    "churn_settings": "churn",
    "export_settings": "exports",
    "import_settings": "sources",
    "lifecycle_settings": "lifecycle",
    "metric_settings": "metrics",
    "tag_settings": "tags",
    "value_settings": "value",
}
"""Folder below `seeds/` by the name of the file."""


@cache
def setting_types(name: str) -> Types:
    """The settings that dbt_project.yml lists of a file, and their types."""
    return dict(project_variables()["settings"][name])


def read_settings(name: str, seeds_dir: Path = SEEDS_DIR) -> dict[str, Value]:
    """Every setting of a file.

    Args:
        name: Name of the file without `.csv`.
        seeds_dir: Folder of all definitions.

    Raises:
        InputFault: With every fault of the file.
    """
    refuse(_faults(name, seeds_dir), "setting")
    rows = read_rows(_path(name, seeds_dir))
    return typed({row["setting"]: row["value"] for row in rows}, setting_types(name))


def check_settings(seeds_dir: Path = SEEDS_DIR) -> None:
    """Compare every file with what is declared, before a build begins.

    Raises:
        InputFault: With every fault of all files.
    """
    refuse(all_setting_faults(seeds_dir), "setting")


def all_setting_faults(seeds_dir: Path = SEEDS_DIR) -> Iterator[Fault]:
    """Every fault of every file of settings."""
    return (fault for name in FOLDERS for fault in _faults(name, seeds_dir))


def _path(name: str, seeds_dir: Path) -> Path:
    return seeds_dir / FOLDERS[name] / f"{name}.csv"


def _faults(name: str, seeds_dir: Path) -> list[Fault]:
    rows = read_rows(_path(name, seeds_dir))
    return list(setting_faults(f"{name}.csv", rows, setting_types(name)))
