"""A sealed week decided anew: compared with its seal, or sealed beside it as a correction.

Belongs here: builds that decide a past week and are never published.
Does not: weeks decided for the first time (``sealing.py``), how the ledger is written (``seals.py``).
Late imports: whoever only asks for seals decides nothing anew, and dbt takes longer than all the rest.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from uuid import uuid4

from orchestration.core.calendar import as_of_dates_for
from orchestration.core.errors import InputFault, RekindleError
from orchestration.ledger.opening import start_build
from orchestration.ledger.sealing import newest_seals
from orchestration.ledger.seals import Proposal, Seal, proposals, seal, seals
from orchestration.project import Home
from orchestration.warehouse.builds import Build
from orchestration.warehouse.code_version import code_version
from orchestration.warehouse.lock import hold_build_lock

# The parts of a build that decide, with the tests that can be asked of them alone.
_DECIDE = (
    "build", "--exclude-resource-type", "unit_test", "--indirect-selection", "cautious",
    "--select", "+aud_decisions", "+aud_planned_touches",
)  # fmt: skip
_ONE_DAY = timedelta(days=1)


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
        InputFault: The week is not sealed, or not for one of these campaigns.
    """
    sealed = newest_seals(home, week)
    known = [each.campaign for each in sealed]
    if not sealed:
        weeks = sorted({each.campaign_week for each in seals(home)})
        raise InputFault(
            f"{home.ledger} holds no week {week}; a week is named by its Monday. Sealed are: "
            + (", ".join(map(str, weeks)) or "none yet")
        )
    for campaign in campaigns:
        if campaign not in known:
            raise InputFault(f"{week} holds no campaign {campaign}; sealed are: {', '.join(known)}")
    from orchestration.warehouse.dbt import invoke_dbt

    dates = as_of_dates_for(week - _ONE_DAY, max(each.weeks for each in sealed))
    kept = frozenset(known) - frozenset(campaigns) if campaigns else frozenset()
    with hold_build_lock(home, f"deciding {week} anew"):
        build = start_build(
            home, dates, run_id=uuid4().hex, code_version=code_version(), deciding=week, keeping=kept
        )
        # Where dbt fails, the build's folder stays with its log, as any failed build's does.
        invoke_dbt(list(_DECIDE), home=home, warehouse=build.file, target_path=build.target_path)
        try:
            yield build, proposals(build.file, week)
        finally:
            shutil.rmtree(build.folder, ignore_errors=True)


def correct(home: Home, week: date, campaigns: Collection[str], reason: str) -> list[Seal]:
    """Decide a sealed week anew and seal it as the next version; the former ones stay beside it.

    Args:
        home: The home.
        week: Its Monday.
        campaigns: Only these; without any, all campaigns of the week.
        reason: Why; it stands in the manifest.

    Raises:
        RekindleError: Nothing would change.
    """
    with decided_anew(home, week, campaigns) as (build, found):
        before = {each.campaign: each for each in newest_seals(home, week)}
        changed = [
            each
            for each in found
            if each.campaign not in before or each.differing_parts(home, before[each.campaign])
        ]
        if not changed:
            raise RekindleError(
                f"{week} decided anew is byte for byte what is sealed; there is nothing to correct"
            )
        return [
            seal(home, each, build_id=build.build_id, code_version=build.code_version, reason=reason)
            for each in changed
        ]
