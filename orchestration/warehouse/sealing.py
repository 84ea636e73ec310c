"""Sealing as it is asked for: which weeks are due, sealing them, deciding a past one anew.

Belongs here: holding what is published against the ledger, and builds that are never published.
Does not: how the ledger is written (``ledger.py``), who enters (``models/audiences``), whether a week looks
    right (``core.audience_checks``).
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from uuid import uuid4

from orchestration.core.calendar import as_of_dates_for
from orchestration.core.errors import RekindleError
from orchestration.project import Home
from orchestration.warehouse.builds import Build, code_version, start_build
from orchestration.warehouse.definition_hashes import definition_hashes
from orchestration.warehouse.ledger import (
    NothingToSeal,
    Proposal,
    Seal,
    proposals,
    proposed_weeks,
    provide_ledger,
    seal,
    seals,
)
from orchestration.warehouse.lock import hold_build_lock
from orchestration.warehouse.versions import current_version, read_manifest, version_file

# The parts of a build that decide, with the tests that can be asked of them alone.
_DECIDE = (
    "build", "--exclude-resource-type", "unit_test", "--indirect-selection", "cautious",
    "--select", "+aud_decisions", "+aud_planned_touches",
)  # fmt: skip
_ONE_DAY = timedelta(days=1)


class DefinedDifferently(RekindleError):
    """A week is sealed under another definition than the one of today."""

    exit_code = 2


class NotDecided(RekindleError):
    """A campaign or week that is not there."""

    exit_code = 2


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


def hold_against_definitions(home: Home, week: date) -> None:
    """Refuse where a sealed week is defined otherwise today: sealing it again would say something else.

    Raises:
        DefinedDifferently: With every campaign, both hashes and what to do.
    """
    today = definition_hashes()
    changed = [
        f"  {each.campaign} {week} v{each.version}: sealed under {each.definition_hash[:12]}, defined now as "
        f"{today.get(each.campaign, 'nothing')[:12]}"
        for each in newest_seals(home, week)
        if today.get(each.campaign) != each.definition_hash
    ]
    if changed:
        raise DefinedDifferently(
            "already sealed under another definition; nothing was changed.\n"
            + "\n".join(changed)
            + "\nA changed definition holds from the next week on. Where this week itself was wrong: "
            f"rekindle audiences correct --week {week} --campaign CAMPAIGN --reason TEXT"
        )


def newest_seals(home: Home, week: date) -> list[Seal]:
    """The version that holds of each campaign of a sealed week; the ledger is verified on the way."""
    found = {each.campaign: each for each in seals(home) if each.campaign_week == week}
    return [found[campaign] for campaign in sorted(found)]


@contextmanager
def decided_anew(
    home: Home, week: date, campaigns: Collection[str] = ()
) -> Iterator[tuple[Build, list[Proposal]]]:
    """A past week as the facts and definitions of today decide it, in a build that is never published.

    Its dates are those of the build that was sealed. The build is gone when the block is left.

    Args:
        home: The home.
        week: A sealed week's Monday.
        campaigns: Only these; the others stay as they are sealed, and whom they took stays taken. Without
            any, the whole week is decided anew.

    Yields:
        The build and its proposals.

    Raises:
        NotDecided: The week is not sealed, or not for one of these campaigns.
    """
    sealed = newest_seals(home, week)
    known = [each.campaign for each in sealed]
    if not sealed:
        weeks = sorted({each.campaign_week for each in seals(home)})
        raise NotDecided(
            f"{home.ledger} holds no week {week}; a week is named by its Monday. Sealed are: "
            + (", ".join(map(str, weeks)) or "none yet")
        )
    for campaign in campaigns:
        if campaign not in known:
            raise NotDecided(f"{week} holds no campaign {campaign}; sealed are: {', '.join(known)}")
    # Here, for start-up: most who ask for seals decide nothing anew, and dbt takes longer than all the rest.
    from orchestration.warehouse.dbt import invoke_dbt

    dates = as_of_dates_for(week - _ONE_DAY, max(each.weeks for each in sealed))
    kept = frozenset(known) - frozenset(campaigns) if campaigns else frozenset()
    with hold_build_lock(home, f"deciding {week} anew"):
        build = start_build(
            home, dates, run_id=uuid4().hex, code_version=code_version(), deciding=week, keeping=kept
        )
        try:
            # Where dbt fails, the build's folder stays with its log, as any failed build's does.
            invoke_dbt(list(_DECIDE), home=home, warehouse=build.file, target_path=build.target_path)
            try:
                yield build, proposals(build.file, week)
            finally:
                shutil.rmtree(build.folder, ignore_errors=True)
        finally:
            provide_ledger(home)


def correct(home: Home, week: date, campaigns: Collection[str], reason: str) -> list[Seal]:
    """Decide a sealed week anew and seal it as the next version; the former ones stay beside it.

    Args:
        home: The home.
        week: Its Monday.
        campaigns: Only these; without any, all campaigns of the week.
        reason: Why; it stands in the manifest.

    Raises:
        NothingToSeal: Nothing would change.
    """
    with decided_anew(home, week, campaigns) as (build, found):
        before = {each.campaign: each for each in newest_seals(home, week)}
        changed = [
            each
            for each in found
            if each.campaign not in before or each.differing_parts(home, before[each.campaign])
        ]
        if not changed:
            raise NothingToSeal(
                f"{week} decided anew is byte for byte what is sealed; there is nothing to correct"
            )
        return [
            seal(home, each, build_id=build.build_id, code_version=build.code_version, reason=reason)
            for each in changed
        ]
