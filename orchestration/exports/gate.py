"""Whether a week may be exported: published and sealed are the same, and consents are heard.

Belongs here: comparing the published version with the ledger, and the consent feed with its limits.
Does not: who is left out of a file (``audience.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from orchestration.core.errors import RekindleError
from orchestration.definitions_files.hashes import definition_hashes
from orchestration.exports.definitions import Definitions
from orchestration.ledger.seals import Seal, seals
from orchestration.project import SEEDS_DIR, Home

# What of a planned touch must be as it was sealed; the member's key may be another one since, after a merge.
_PLAN = "planned_touch_id, entry_week, arm, step_no, planned_on, channel, template, benefit, status"


@dataclass(frozen=True)
class Sealed:
    """A campaign week that may be exported.

    Attributes:
        seal: Its newest version.
        planned: Touches in the seal, by channel and step.
    """

    seal: Seal
    planned: dict[tuple[str, int], int]


def consents_delivered_on(published: duckdb.DuckDBPyConnection, definitions: Definitions) -> date:
    """Day until which the consents of every source are heard: the oldest of their newest deliveries.

    A delivery without a row that was accepted tells nothing of how fresh its source is, nor does one dated
    more days after the published as-of date than it might be old: its date is an error. One much smaller than
    the largest may lack opt-outs, however often it came.

    Raises:
        RekindleError: There is none, that of a source is too old for the published as-of date, or so much
            smaller than an earlier one that opt-outs may be missing.
    """
    deliveries = published.execute(
        """
        select source, delivered_on, rows_loaded from staging.stg_rekindle__loads
        where table_name = 'consents' and status = 'loaded'
        order by source, delivered_on
        """
    ).fetchall()
    if not deliveries:
        raise RekindleError(
            "staging.stg_rekindle__loads has no delivery of consents: without them nobody may be contacted, "
            "and nothing was exported. Deliver the table consents, then `rekindle run`"
        )
    as_of = as_of_date(published)
    heard_until = {
        source: _heard_until(
            [each[1:] for each in deliveries if each[0] == source], source, as_of, definitions
        )
        for source in sorted({source for source, _, _ in deliveries})
    }
    return min(heard_until.values())


def _heard_until(
    deliveries: list[tuple[date, int]], source: str, as_of: date, definitions: Definitions
) -> date:
    """The newest delivery of one source that tells something, given all of them in their order."""
    latest = as_of + timedelta(days=definitions.most_consent_days)
    newest = max((day for day, rows in deliveries if rows and day <= latest), default=None)
    if newest is None:
        raise RekindleError(
            f"no delivery of consents of {source} dated until {latest} has a row that was accepted; the last "
            f"ones are {', '.join(f'{day} with {rows:,}' for day, rows in deliveries[-3:])}. Opt-outs are "
            "unknown, so nothing was exported. See `rekindle quarantine --table consents` and the dates of "
            "the deliveries, deliver consents, then `rekindle run`"
        )
    if (as_of - newest).days > definitions.most_consent_days:
        raise RekindleError(
            f"the newest consents of {source} were delivered on {newest}, {(as_of - newest).days} days "
            f"before the published {as_of}; at most {definitions.most_consent_days} are allowed "
            "(seeds/exports/export_settings.csv). Nothing was exported. Deliver consents, then `rekindle run`"
        )
    largest_on, largest = max(deliveries, key=lambda each: each[1])
    for day, rows in deliveries:
        if day >= newest and largest - rows > largest * definitions.most_consent_shrink_share:
            raise RekindleError(
                f"the consents of {source} delivered on {day} have {rows:,} accepted rows, those of "
                f"{largest_on} {largest:,}; a share of {definitions.most_consent_shrink_share} less is the "
                "most that is allowed (seeds/exports/export_settings.csv). Opt-outs may be missing, so "
                "nothing was exported. Find out why, deliver consents again, then `rekindle run`"
            )
    return newest


def unreadable_of_nobody(published: duckdb.DuckDBPyConnection) -> int:
    """Refused consent events that name nobody who is known: opt-outs that may silence no one."""
    [(found,)] = published.execute(
        "select count(*) from core.fct_unreadable_consent where members = 0"
    ).fetchall()
    return found


def as_of_date(published: duckdb.DuckDBPyConnection) -> date:
    """The published version's newest as-of date."""
    [(found,)] = published.execute("select as_of_date from staging.stg_rekindle__builds").fetchall()
    return found


def sealed_weeks(
    home: Home, published: duckdb.DuckDBPyConnection, week: date | None, seeds_dir: Path = SEEDS_DIR
) -> list[Sealed]:
    """The campaigns of a week, once every one is found published as it is sealed.

    Args:
        home: The home.
        published: Its published version.
        week: A Monday; None for the newest published.
        seeds_dir: Definitions of today.

    Raises:
        RekindleError: The ledger has lost a week that the published version was built with.
        RekindleError: A campaign is not sealed, was corrected since, differs or is defined differently; all
            such are named.
    """
    rows = published.execute(
        "select campaign, campaign_week, is_sealed from audiences.aud_campaign_weeks order by all"
    ).fetchall()
    weeks = sorted({monday for _, monday, _ in rows})
    wanted = week or (weeks[-1] if weeks else None)
    if wanted not in weeks:
        raise RekindleError(
            f"no campaign of {wanted or 'any week'} is published; published weeks are: "
            f"{', '.join(map(str, weeks)) or 'none'}"
        )
    known = seals(home)
    _refuse_lost_seals(published, known)
    newest = {(each.campaign, each.campaign_week): each for each in known}
    [(build_id,)] = published.execute("select build_id from staging.stg_rekindle__builds").fetchall()
    hashes = definition_hashes(seeds_dir)
    found, faults = [], []
    for campaign, monday, is_sealed in rows:
        if monday != wanted:
            continue
        seal = newest.get((campaign, monday))
        if seal is None:
            faults.append(f"{campaign} {monday} is not sealed: `rekindle audiences seal`")
        elif hashes.get(campaign) != seal.definition_hash:
            faults.append(
                f"{campaign} {monday} is defined differently now than when it was sealed: bring the rows "
                "back, or correct the week with a reason"
            )
        elif not is_sealed and seal.build_id != build_id:
            faults.append(
                f"{campaign} {monday} was sealed from {seal.build_id}, published is {build_id}: run again"
            )
        elif _differs(home, published, seal):
            faults.append(f"{campaign} {monday}: published is not v{seal.version} of the ledger: run again")
        else:
            found.append(Sealed(seal, _planned(home, seal)))
    if faults:
        raise RekindleError(
            f"{wanted} cannot be exported; nothing was.\n" + "\n".join(f"  {fault}" for fault in faults)
        )
    return found


def _refuse_lost_seals(published: duckdb.DuckDBPyConnection, known: list[Seal]) -> None:
    there = {(each.campaign, each.campaign_week, each.version) for each in known}
    lost = [
        f"{campaign} {week} v{version}"
        for campaign, week, version in published.execute(
            "select campaign, campaign_week, ledger_version from staging.stg_rekindle__sealed_weeks "
            "order by all"
        ).fetchall()
        if (campaign, week, version) not in there
    ]
    if lost:
        raise RekindleError(
            f"what is published was built with sealed weeks that the ledger has lost: {', '.join(lost)}. "
            "Nothing was exported. Bring the ledger back from a copy"
        )


def _touches(home: Home, seal: Seal) -> Any:
    return pq.read_table(seal.folder(home) / "touches.parquet")


def _differs(home: Home, published: duckdb.DuckDBPyConnection, seal: Seal) -> bool:
    """Whether a published touch or decision is not that of the seal; members erased since are missing."""
    of_week = {"campaign": seal.campaign, "week": seal.campaign_week}
    known = set(duckdb.from_arrow(_touches(home, seal)).project(_PLAN).fetchall())
    shown = published.execute(
        f"select {_PLAN} from audiences.aud_planned_touches "
        "where campaign = $campaign and campaign_week = $week",
        of_week,
    ).fetchall()
    others = published.execute(
        """
        select count(*) from audiences.aud_decisions
        where campaign = $campaign and campaign_week = $week
            and (definition_hash <> $definition_hash or ledger_version <> $version)
        """,
        {**of_week, "definition_hash": seal.definition_hash, "version": seal.version},
    ).fetchall()
    return others != [(0,)] or not known.issuperset(shown)


def _planned(home: Home, seal: Seal) -> dict[tuple[str, int], int]:
    counted: dict[tuple[str, int], int] = {}
    for touch in _touches(home, seal).select(["channel", "step_no"]).to_pylist():
        key = (touch["channel"], touch["step_no"])
        counted[key] = counted.get(key, 0) + 1
    return counted
