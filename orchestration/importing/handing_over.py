"""Handing over: all tables of one import as deliveries, or none; then what is kept of the shop.

Belongs here: refusing what was delivered before, delivering every table, taking back where one fails.
Does not: one delivery (orchestration.sources.delivering), what is written about the shop (kept.py).
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping as Lookup
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from orchestration.core.errors import InputFault
from orchestration.importing.checking import copying
from orchestration.importing.kept import ShopSettings, keep
from orchestration.importing.mapping import Mapping
from orchestration.project import Home
from orchestration.sources.delivering import deliver, delivery_folder


def hand_over(
    home: Home,
    name: str,
    files: Lookup[str, Sequence[Path]],
    delivered_on: date,
    settings: ShopSettings,
    mapping: Mapping,
    *,
    is_whole: bool = False,
) -> list[Path]:
    """Deliver every table of an import.

    Args:
        home: The business's folder.
        name: Of the shop.
        files: For each table its files.
        delivered_on: Day of the deliveries.
        settings: To be kept.
        mapping: To be kept.
        is_whole: Whether the tables are whole, so that what is missing was deleted.

    Returns:
        The folders of the deliveries.

    Raises:
        InputFault: A table was delivered under that day before; nothing is delivered then.
    """
    refuse_delivered(home, name, list(files), delivered_on)
    keep(home, name, settings, mapping)
    made: list[Path] = []
    whole = {"is_whole": True} if is_whole else {}
    try:
        for table, paths in files.items():
            made.append(deliver(home.landing, name, table, delivered_on, copying(paths), **whole))
    except BaseException:
        for folder in made:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    return made


def refuse_delivered(home: Home, name: str, tables: Sequence[str], delivered_on: date) -> None:
    """Raise if a table of the shop was delivered under the day before.

    Raises:
        InputFault: Naming the tables and the way out.
    """
    before = [table for table in tables if delivery_folder(home.landing, name, table, delivered_on).exists()]
    if before:
        raise InputFault(
            f"{name}: {', '.join(before)} of {delivered_on} were delivered before, and what was "
            "delivered is never "
            "changed. Nothing was delivered now.\n"
            "If the file is a newer one, give it a later day: --date YYYY-MM-DD. If it is the "
            "same file, there is "
            "nothing to do."
        )
