"""The folders of the ledger: ``<campaign>/<week>/v<n>/``, each with its manifest.

Belongs here: where a version lies, which there are, which of those that must be there are lost.
Does not: what a manifest says (``seals.py``).
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from orchestration.project import Home

MANIFEST = "manifest.json"


def week_folder(home: Home, campaign: str, week: date) -> Path:
    """Where the versions of a campaign week lie."""
    return home.ledger / campaign / week.isoformat()


def versions_in(week: Path) -> list[int]:
    """The versions of a week, oldest first."""
    return sorted(int(folder.name[1:]) for folder in week.glob("v*"))


def lost_manifests(home: Home) -> list[Path]:
    """Manifests that must be there: of each version up to a week's newest, and of each week exported."""
    exported = {home.ledger / week.relative_to(home.exports) for week in home.exports.glob("[!.]*/*")}
    sealed = {week for week in home.ledger.glob("*/*") if versions_in(week)}
    wanted = [
        week / f"v{number}" / MANIFEST
        for week in exported | sealed
        for number in range(1, max(versions_in(week), default=1) + 1)
    ]
    return sorted(manifest for manifest in wanted if not manifest.exists())
