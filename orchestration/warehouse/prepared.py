"""The parsed project: where its manifest lies, and whether it is of today's files.

Belongs here: what can be said of it without dbt.
Does not: parsing (``dbt.py``); assets out of it (orchestration.assets.models).
"""

from __future__ import annotations

from pathlib import Path

from orchestration.project import DBT_PROJECT_DIR


def manifest_file(project_dir: Path = DBT_PROJECT_DIR) -> Path:
    """The project's ``manifest.json`` made at installation; runs write theirs elsewhere."""
    return project_dir / "target" / "manifest.json"


def is_prepared(project_dir: Path = DBT_PROJECT_DIR, *, seed_rows: bool = True) -> bool:
    """Whether the manifest is newer than every file that parsing depends on.

    Args:
        project_dir: The dbt project.
        seed_rows: Whether rows of seeds count; they change no model and no test.
    """
    made = manifest_file(project_dir)
    if not made.exists():
        return False
    # Not later: a file changed in the same tick of the clock as the manifest was made is a change.
    return made.stat().st_mtime_ns > _last_change(project_dir, seed_rows=seed_rows)


def _last_change(project_dir: Path, *, seed_rows: bool) -> int:
    newest = (project_dir / "dbt_project.yml").stat().st_mtime_ns
    seeds = project_dir.parent / "seeds"
    for folder in (project_dir / "models", project_dir / "macros", project_dir / "tests", seeds):
        # Folders count too: a removed file changes only its folder.
        for path in [folder, *folder.rglob("*")] if folder.exists() else []:
            if seed_rows or path.suffix != ".csv":
                newest = max(newest, path.stat().st_mtime_ns)
    return newest
