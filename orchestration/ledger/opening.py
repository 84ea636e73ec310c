"""Opening a build: an empty one that knows what is sealed and what campaigns are defined as.

Belongs here: what a build gets before dbt begins, and refusing to begin.
Does not: the build's folder (warehouse.builds), what is sealed (``seals.py``), choosing its dates (core).
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable
from datetime import date

from orchestration.definitions_files.hashes import definition_hashes
from orchestration.definitions_files.seeds import check_seeds
from orchestration.definitions_files.settings import check_settings
from orchestration.ledger.rules import check_rules
from orchestration.ledger.seals import PARTS, finish_sealing, seals
from orchestration.own_tables import Place, provide_own_tables, write_own_table
from orchestration.project import Home
from orchestration.warehouse.builds import Build, empty_build, lend_to_development


def start_build(
    home: Home,
    as_of_dates: Iterable[date],
    *,
    run_id: str,
    code_version: str,
    deciding: date | None = None,
    keeping: Collection[str] = frozenset(),
    with_history: bool = False,
) -> Build:
    """Make an empty build and tell dbt about it. The caller holds the build lock.

    Args:
        home: The home.
        as_of_dates: The dates to make states for.
        run_id: The run that makes it.
        code_version: What :func:`orchestration.warehouse.code_version.code_version` said.
        deciding: A campaign week (Monday) to decide as if it and later ones had never been sealed.
        keeping: Campaigns that stay as they are sealed in that week.
        with_history: Decide past dates anew, also those that an earlier version tells of.

    Raises:
        InputFault: A seed is not as declared, or a setting is at fault.
        RekindleError: No date was asked for, the ledger or the rule of a started experiment was changed, or
            an experiment was declared after its weeks were sealed.
    """
    check_seeds()
    check_settings()
    finish_sealing(home)
    check_rules(seals(home))
    build = empty_build(
        home, as_of_dates, run_id=run_id, code_version=code_version, with_history=with_history
    )
    provide_ledger(home, build, until=build.as_of_date, before=deciding, keeping=keeping)
    write_definition_hashes(build)
    if deciding is None:
        lend_to_development(home, build)
    return build


def write_definition_hashes(place: Place) -> None:
    """Write what each campaign is defined as, for the decisions of this build to carry."""
    hashes = definition_hashes()
    rows = [{"campaign": campaign, "definition_hash": hashes[campaign]} for campaign in sorted(hashes)]
    write_own_table(place, "definition_hashes", rows)


def provide_ledger(
    home: Home,
    build: Place,
    *,
    until: date,
    before: date | None = None,
    keeping: Collection[str] = frozenset(),
) -> None:
    """Hand what is sealed to the build that is about to start.

    Args:
        home: The home.
        build: Gets the rows, in its own tables.
        until: The newest as-of date of the build: of weeks decided from a later state it knows nothing.
        before: Only weeks before this Monday, for a build that decides that week anew; None for all.
        keeping: Campaigns whose seal of that very week stands.

    Raises:
        RekindleError: See :func:`seals`.
    """
    known = [
        each
        for each in seals(home)
        if each.as_of_date <= until
        and (
            before is None
            or each.campaign_week < before
            or (each.campaign_week == before and each.campaign in keeping)
        )
    ]
    provide_own_tables(build)
    for part, (sealed, _, _) in PARTS.items():
        folder = build.own_tables / sealed
        wanted = {f"{each.campaign}__{each.campaign_week}__v{each.version}.parquet": each for each in known}
        for stale in folder.glob("*.parquet"):
            if stale.name != "empty.parquet":
                stale.unlink()
        for name, each in wanted.items():
            shutil.copyfile(each.folder(home) / f"{part}.parquet", folder / name)
    rows = [
        {
            "campaign": each.campaign,
            "campaign_week": each.campaign_week,
            "ledger_version": each.version,
            "as_of_date": each.as_of_date,
            "definition_hash": each.definition_hash,
            "build_id": each.build_id,
            "reason": each.reason,
            "matched": each.counts["decisions"],
            "included": each.counts["included"],
        }
        for each in known
    ]
    write_own_table(build, "sealed_weeks", rows)
