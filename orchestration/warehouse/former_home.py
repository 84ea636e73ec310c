"""A home that an earlier version made: its folders and columns get today's names, once.

Belongs here: what was called otherwise and holds what no source can deliver again.
Does not: what is loaded in an earlier format (the loader loads it anew).
Late imports: a home of today needs none of it.
"""

from __future__ import annotations

from pathlib import Path

from orchestration.core.errors import RekindleError
from orchestration.files import replacing, sync
from orchestration.project import Home

_CARDS = "churn_model_cards.parquet"
_COLUMNS = {
    "judged_rows": "evaluated_rows",
    "first_judged_on": "first_evaluated_on",
    "last_judged_on": "last_evaluated_on",
}


def adopt_former_home(home: Home) -> None:
    """Rename the folders ``loaded/control`` and ``held``, where an earlier version left them.

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
        if (old / _CARDS).exists():
            _rename_columns(old / _CARDS)
        old.rename(new)
        sync(new.parent)


def _rename_columns(file: Path) -> None:
    import pyarrow.parquet as pq

    rows = pq.read_table(file)
    with replacing(file) as prepared:
        pq.write_table(
            rows.rename_columns([_COLUMNS.get(name, name) for name in rows.schema.names]), prepared
        )
