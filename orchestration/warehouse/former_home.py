"""A home that an earlier version made: its folders get today's names, once.

Belongs here: what was called otherwise and holds what no source can deliver again.
Does not: what is loaded in an earlier format (the loader loads it anew), what is fitted (it is fitted anew).
Late imports: a home of today needs none of it.
"""

from __future__ import annotations

import shutil

from orchestration.core.errors import RekindleError
from orchestration.files import sync
from orchestration.project import Home

_LAST_BUILD = "builds.parquet"


def adopt_former_home(home: Home) -> None:
    """Rename the folders ``loaded/control`` and ``held``, where an earlier version left them.

    What that version wrote for its last build alone is removed: builds have it in their own folders today.

    The caller holds the build lock. Whoever is killed on the way goes on with the next call.

    Raises:
        RekindleError: A folder of today is there beside the former one; nothing was changed.
    """
    pairs = {home.loaded / "control": home.own_tables, home.root / "held": home.quarantine}
    former = {old: new for old, new in pairs.items() if old.is_dir()}
    for old, new in former.items():
        if new.exists():
            raise RekindleError(
                f"{old} is of an earlier version of Rekindle, and {new} has taken its place; nothing was "
                "changed.\nThe former one holds what was fitted and what experiments decided.\n"
                "Remove one of the two, then type the same command again."
            )
    for old, new in former.items():
        old.rename(new)
        sync(new.parent)
    if (home.own_tables / _LAST_BUILD).exists():
        _remove_tables_of_last_build(home)


def _remove_tables_of_last_build(home: Home) -> None:
    from orchestration.own_tables import tables_of_builds

    for table in tables_of_builds():
        shutil.rmtree(home.own_tables / table, ignore_errors=True)
        if f"{table}.parquet" != _LAST_BUILD:
            (home.own_tables / f"{table}.parquet").unlink(missing_ok=True)
    # Last: whoever is killed before goes on with the next call.
    (home.own_tables / _LAST_BUILD).unlink()
