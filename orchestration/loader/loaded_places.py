"""Where loaded files lie, ``<contract>/<table>/<source>/``, and what lies there by mistake.

Belongs here: what an earlier version put elsewhere, rows of a source that is gone.
Does not: the place itself (``Table.place``), loading.
"""

from __future__ import annotations

import shutil

from orchestration.core.contract import SourceContract
from orchestration.project import Home


def adopt_former_layout(home: Home) -> None:
    """Put what an earlier version loaded, ``<source>/<table>/delivered=<date>``, where it lies today.

    It is then loaded anew, or named where its delivery left landing.
    """
    for folder in list(home.loaded.glob("*/*/delivered=*")):
        target = folder.parent / folder.parent.parent.name / folder.name
        if target.exists() or folder.name == "delivered=none":
            shutil.rmtree(folder)
        else:
            target.parent.mkdir(exist_ok=True)
            folder.rename(target)


def sources_gone(home: Home, contracts: dict[str, SourceContract]) -> list[str]:
    """Sources that a contract of today's has loaded rows of, and that nobody describes any more."""
    places = {path.parent.parent for path in home.load_records}
    return [
        f"loaded/{place.relative_to(home.loaded)}: is of source {place.name}, which is not known any more; "
        f"put back sources/{place.name}/source.yml, or remove this folder"
        for place in sorted(places)
        if place.name not in contracts and place.parent.parent.name in contracts
    ]
