"""A recipe for a reverse ETL tool: a drt project that hands a week's exported files to sending tools.

Belongs here: the files of the project, one sync per channel.
Does not: exporting (``writing.py``), running the tool; Rekindle neither needs nor calls it.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import yaml

from orchestration.core.errors import InputFault, RekindleError
from orchestration.exports.audience import COLUMNS
from orchestration.exports.writing import PARQUET
from orchestration.files import exact_path
from orchestration.project import Home
from orchestration.warehouse.connections import quoted

_PROJECT = {"name": "rekindle_exports", "version": "0.1", "profile": "rekindle"}
_PROFILES = {"rekindle": {"type": "duckdb", "database": ":memory:"}}
# A business fills in its own; nothing is sent before.
_URL = "https://sending-tool.example/{channel}"


def write_recipe(home: Home, week: date, channels: Iterable[str], folder: Path) -> list[Path]:
    """Write the project.

    Args:
        home: Whose exports are handed over.
        week: Monday of the campaign week.
        channels: Channels the week has files of.
        folder: Where to; new or empty.

    Returns:
        The files written.

    Raises:
        InputFault: The week has no file, or the folder is not empty; an edited recipe is never written over.
        RekindleError: The disk is full or not writable; then no file of the recipe is there.
    """
    if folder.exists() and any(folder.iterdir()):
        raise InputFault(
            f"{folder} is not empty, and an edited recipe is not written over. Name another folder."
        )
    texts = {
        "drt_project.yml": _yaml(_PROJECT),
        "profiles.yml.example": "# Goes to ~/.drt/profiles.yml\n" + _yaml(_PROFILES),
    }
    for channel in sorted(set(channels)):
        texts[f"syncs/{channel}.yml"] = _yaml(_sync(channel, week))
        texts[f"syncs/models/{channel}.sql"] = _model(home, week, channel)
    unfinished = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        for name, text in texts.items():
            (unfinished / name).parent.mkdir(parents=True, exist_ok=True)
            (unfinished / name).write_text(text, encoding="utf-8")
        unfinished.rename(folder)
    except OSError as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise RekindleError(
            f"The recipe could not be written to {folder}: {error.strerror or error}. "
            "Nothing of it is there. Free disk space or name a folder that can be written."
        ) from error
    return [folder / name for name in texts]


def _model(home: Home, week: date, channel: str) -> str:
    files = f"{exact_path(home.exports)}/*/{week.isoformat()}/{channel}_*/{PARQUET}"
    return (
        f"select {', '.join(COLUMNS)}\n"
        f"from read_parquet({quoted(files)}, hive_partitioning = false)\n"
        "order by planned_touch_id\n"
    )


def _sync(channel: str, week: date) -> dict[str, object]:
    # Dates are text on the way. The name of the touch comes back in receipts.
    fields = ", ".join(
        f"{json.dumps(name)}: {{{{ row.{name} | string | tojson }}}}"
        if name.endswith("_on")
        else f"{json.dumps(name)}: {{{{ row.{name} | tojson }}}}"
        for name in COLUMNS
    )
    return {
        "name": channel,
        "description": f"Hand the {channel} touches of the campaign week {week} to a sending tool",
        "model": f"ref('{channel}')",
        "destination": {
            "type": "rest_api",
            "url": _URL.format(channel=channel),
            "method": "POST",
            "headers": {"Content-Type": "application/json"},
            "body_template": "{" + fields + "}",
        },
        "sync": {"mode": "full", "batch_size": 100, "on_error": "fail"},
    }


def _yaml(content: dict[str, object]) -> str:
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=1000)
