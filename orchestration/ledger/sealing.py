"""Sealing the weeks that the published version proposes: which are due, and what is sealed of them.

Belongs here: what the ledger lacks of what is published; the seals in force.
Does not: how the ledger is written (``seals.py``), deciding a past week anew (``correcting.py``), whether a
    week looks right (``core.audience_checks``).
"""

from __future__ import annotations

from datetime import date

from orchestration.core.errors import InputFault
from orchestration.definitions_files.hashes import definition_hashes
from orchestration.ledger.seals import Seal, finish_sealing, proposals, proposed_weeks, seal, seals
from orchestration.project import Home
from orchestration.warehouse.versions import current_version, read_manifest, version_file


def due_weeks(home: Home) -> list[date]:
    """The decided weeks of the published version that are not wholly sealed, oldest first.

    It is asked every few minutes, so it looks at names alone; who seals verifies the ledger.
    """
    build_id = current_version(home)
    if build_id is None:
        return []
    sealed = {version.parent for version in home.ledger.glob("*/*/v*")}
    return sorted(
        {
            week
            for campaign, week in proposed_weeks(version_file(home, build_id))
            if home.ledger / campaign / week.isoformat() not in sealed
        }
    )


def seal_published(home: Home, week: date) -> tuple[list[Seal], list[Seal]]:
    """Seal every campaign of a week as the published version proposes it. The caller holds the build lock.

    Campaigns that an interrupted sealing had sealed stay as they are. The ledger is verified first.

    Args:
        home: The home.
        week: Its Monday.

    Returns:
        What was sealed now, and what had been sealed before.
    """
    finish_sealing(home)
    before = newest_seals(home, week)
    build_id = current_version(home)
    if build_id is None:
        return [], before
    sealed = {each.campaign for each in before}
    manifest = read_manifest(home, build_id)
    made = [
        seal(home, each, build_id=build_id, code_version=manifest.code_version)
        for each in proposals(version_file(home, build_id), week)
        if each.campaign not in sealed
    ]
    return made, before


def refuse_redefined(home: Home, week: date) -> None:
    """Refuse where a sealed week is defined otherwise today: sealing it again would say something else.

    Raises:
        InputFault: With every campaign, both hashes and what to do.
    """
    today = definition_hashes()
    changed = [
        f"  {each.campaign} {week} v{each.version}: sealed under {each.definition_hash[:12]}, defined now as "
        f"{today.get(each.campaign, 'nothing')[:12]}"
        for each in newest_seals(home, week)
        if today.get(each.campaign) != each.definition_hash
    ]
    if changed:
        raise InputFault(
            "already sealed under another definition; nothing was changed.\n"
            + "\n".join(changed)
            + "\nA changed definition holds from the next week on. Where this week itself was wrong: "
            f"rekindle audiences correct --week {week} --campaign CAMPAIGN --reason TEXT"
        )


def newest_seals(home: Home, week: date) -> list[Seal]:
    """The version that holds of each campaign of a sealed week; the ledger is verified on the way."""
    found = {each.campaign: each for each in seals(home) if each.campaign_week == week}
    return [found[campaign] for campaign in sorted(found)]
