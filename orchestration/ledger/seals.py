"""The ledger of audiences: what was decided for a campaign week, written once and never changed.

Belongs here: sealing proposals of a published version, verifying what is sealed by its manifests, comparing
    a rebuilt week with its seal.
Does not: handing it to the next build (``opening.py``), deciding who enters (``models/audiences``), exports.
"""

from __future__ import annotations

import io
import os
import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from orchestration.core.errors import RekindleError
from orchestration.core.summary import counted
from orchestration.files import read_json, sha256_of, sync, write_json
from orchestration.ledger.index import MANIFEST, Entry, add_to_index, entry_of, give_name, read_index, unnamed
from orchestration.ledger.rules import declared_rules
from orchestration.own_tables import schema_of
from orchestration.project import Home
from orchestration.warehouse.connections import connect_read_only
from orchestration.warehouse.erasures import read_registry, under_way

_DAMAGED = "Bring it back from a copy of the ledger."
# A proposal's parts: file of the ledger -> own table, table of the warehouse, order that makes its bytes.
PARTS = {
    "decisions": ("sealed_decisions", "aud_decisions", ["member_key"]),
    "touches": ("sealed_touches", "aud_planned_touches", ["planned_touch_id"]),
}


@dataclass(frozen=True)
class Seal:
    """One version of one campaign week, as its manifest says.

    Attributes:
        campaign: Campaign.
        campaign_week: Its Monday.
        version: 1 for the first decision, one more for each correction.
        as_of_date: The Sunday whose state decided.
        definition_hash: What the campaign was defined as.
        build_id: Version of the warehouse it was taken from.
        code_version: Version of the project that built it.
        reason: Why it was corrected; empty for the first version.
        weeks: Sundays of history before the deciding one that the build had states for.
        counts: Rows by file, and members included.
        sha256: Of each file, by name.
        rules: Experiments that read it, with the SHA-256 of how they decide.
        erased: Rows of decisions that are tombstones of erased members.
    """

    campaign: str
    campaign_week: date
    version: int
    as_of_date: date
    definition_hash: str
    build_id: str
    code_version: str
    reason: str
    weeks: int
    counts: dict[str, int]
    sha256: dict[str, str]
    rules: dict[str, str]
    erased: int = 0

    def folder(self, home: Home) -> Path:
        """Where it lies."""
        return _week_folder(home, self.campaign, self.campaign_week) / f"v{self.version}"

    def as_json(self) -> dict[str, Any]:
        """The manifest."""
        return {
            **self.__dict__,
            "campaign_week": self.campaign_week.isoformat(),
            "as_of_date": self.as_of_date.isoformat(),
        }

    @classmethod
    def from_json(cls, noted: dict[str, Any]) -> Seal:
        """What a manifest says."""
        dates = {name: date.fromisoformat(noted[name]) for name in ("campaign_week", "as_of_date")}
        # Seals from before rules were sealed name none.
        return cls(**{"rules": {}, **noted, **dates})


@dataclass(frozen=True)
class Proposal:
    """What a warehouse file proposes for one campaign week.

    Attributes:
        campaign: Campaign.
        campaign_week: Its Monday.
        as_of_date: The Sunday whose state decides.
        definition_hash: What the campaign is defined as.
        weeks: Sundays of history before that one that the file has states for.
        tables: The rows of each file of the ledger, without a version yet.
    """

    campaign: str
    campaign_week: date
    as_of_date: date
    definition_hash: str
    weeks: int
    tables: dict[str, pa.Table]

    def bytes_of(self, part: str, version: int) -> bytes:
        """A file as it is sealed: the same rows give the same bytes."""
        schema = schema_of(PARTS[part][0])
        rows = self.tables[part]
        numbered = rows.add_column(
            0, pa.field("ledger_version", pa.int32()), pa.array([version] * len(rows), pa.int32())
        )
        written = io.BytesIO()
        pq.write_table(numbered.select(schema.names).cast(schema), written)
        return written.getvalue()

    def differing_parts(self, home: Home, sealed: Seal) -> list[str]:
        """The files that are not, byte for byte, those of a seal."""
        return [
            part
            for part in PARTS
            if (sealed.folder(home) / f"{part}.parquet").read_bytes() != self.bytes_of(part, sealed.version)
        ]


def proposed_weeks(file: Path) -> set[tuple[str, date]]:
    """Campaigns and weeks that a warehouse file proposes and that were not sealed when it was built."""
    with connect_read_only(file) as connection:
        if not _decides(connection):
            return set()
        return set(
            connection.execute(
                "select campaign, campaign_week from audiences.aud_campaign_weeks where not is_sealed"
            ).fetchall()
        )


def proposals(file: Path, week: date | None = None) -> list[Proposal]:
    """The campaign weeks that a warehouse file proposes and that were not sealed when it was built.

    Args:
        file: A published version or a build.
        week: Only this one, a Monday.

    Returns:
        One each; none where the version is from before there were audiences.
    """
    with connect_read_only(file) as connection:
        if not _decides(connection):
            return []
        weeks = connection.execute(
            """
            select campaign, campaign_week, as_of_date, definition_hash, (
                select count(distinct campaign_week) from core.dim_as_of_date
                where campaign_week < own.campaign_week
            )
            from audiences.aud_campaign_weeks as own
            where not is_sealed and ($week is null or campaign_week = $week)
            order by campaign_week, campaign
            """,
            {"week": week},
        ).fetchall()
        return [
            Proposal(
                campaign,
                monday,
                as_of,
                definition_hash,
                earlier,
                {part: _rows(connection, part, campaign, monday) for part in PARTS},
            )
            for campaign, monday, as_of, definition_hash, earlier in weeks
        ]


def _decides(connection: Any) -> bool:
    """Whether a file is from after there were audiences."""
    return bool(
        connection.execute(
            "select 1 from information_schema.tables where table_name = 'aud_campaign_weeks'"
        ).fetchall()
    )


def _rows(connection: Any, part: str, campaign: str, week: date) -> pa.Table:
    sealed, table, order = PARTS[part]
    names = ", ".join(name for name in schema_of(sealed).names if name != "ledger_version")
    return connection.sql(
        f"select {names} from audiences.{table} "
        f"where not is_sealed and campaign = $campaign and campaign_week = $week order by {', '.join(order)}",
        params={"campaign": campaign, "week": week},
    ).to_arrow_table()


def seal(home: Home, proposal: Proposal, *, build_id: str, code_version: str, reason: str = "") -> Seal:
    """Write a proposal into the ledger, by one rename.

    Args:
        home: The home.
        proposal: What was proposed.
        build_id: Version of the warehouse it was taken from.
        code_version: Version of the project that built it.
        reason: For a correction, why; then the former version stays beside this one.

    Raises:
        RekindleError: There is a version of this week, and no reason was given to correct it.
    """
    finish_sealing(home)
    week = _week_folder(home, proposal.campaign, proposal.campaign_week)
    former = _versions_in(week)
    if former and not reason:
        raise RekindleError(
            f"{week} holds v{former[-1]}: what was decided stays decided. Where it was wrong, correct it "
            "with a reason; both versions stay"
        )
    version = (former[-1] if former else 0) + 1
    week.mkdir(parents=True, exist_ok=True)
    for leftover in week.glob(".*"):
        shutil.rmtree(leftover)
    unfinished = week / f".v{version}.{os.getpid()}"
    unfinished.mkdir()
    note: Entry | None = None
    try:
        for part in PARTS:
            (unfinished / f"{part}.parquet").write_bytes(proposal.bytes_of(part, version))
        decisions = proposal.tables["decisions"]
        made = Seal(
            campaign=proposal.campaign,
            campaign_week=proposal.campaign_week,
            version=version,
            as_of_date=proposal.as_of_date,
            definition_hash=proposal.definition_hash,
            build_id=build_id,
            code_version=code_version,
            reason=reason,
            weeks=proposal.weeks,
            counts={
                **{part: len(rows) for part, rows in proposal.tables.items()},
                "included": pc.sum(decisions["is_included"]).as_py() or 0,
            },
            sha256={f"{part}.parquet": sha256_of(unfinished / f"{part}.parquet") for part in PARTS},
            rules=_rules(week, former, proposal),
        )
        write_json(unfinished / MANIFEST, made.as_json())
        for written in unfinished.iterdir():
            sync(written)
            written.chmod(0o444)
        sync(unfinished)
        note = entry_of(_inside(home, week / f"v{version}"), made.as_json())
        add_to_index(home, [note])
        give_name(unfinished)
    except BaseException:
        # Once it is noted it is made: the next sealing gives it its name.
        if note is None or note not in (read_index(home) or []):
            shutil.rmtree(unfinished, ignore_errors=True)
        raise
    return made


def finish_sealing(home: Home) -> None:
    """Give seals their name that were noted by a process that was killed before it could.

    In a home from before there was an index, what is sealed is taken over into one. The caller holds the
    build lock.
    """
    former = [each.folder(home) for each in seals(home)] if read_index(home) is None else []
    told = {_inside(home, folder): read_json(folder / MANIFEST, _DAMAGED) for folder in former}
    add_to_index(home, [entry_of(name, each, is_taken_over=True) for name, each in told.items()])
    for seal_without_name in unnamed(home, read_index(home) or []).values():
        give_name(seal_without_name)


def _inside(home: Home, folder: Path) -> str:
    return folder.relative_to(home.ledger).as_posix()


def _rules(week: Path, former: list[int], proposal: Proposal) -> dict[str, str]:
    """Those of the former version: a correction asks no other question of members already drawn."""
    if former:
        before = _read_seal(week / f"v{former[-1]}" / MANIFEST)
        if before.counts["included"]:
            return before.rules
    return declared_rules(proposal.campaign, proposal.campaign_week)


def _read_seal(manifest: Path) -> Seal:
    told = read_json(manifest, _DAMAGED)
    try:
        return Seal.from_json(told)
    except (KeyError, TypeError, ValueError):
        raise RekindleError(f"{manifest} is damaged: it is not the manifest of a seal. {_DAMAGED}") from None


def seals(home: Home) -> list[Seal]:
    """Every version of every sealed week, verified by its manifest and the index.

    Raises:
        RekindleError: A seal or a file of one is missing, was changed or was added by hand; all are named.
        RekindleError: An erasure stopped among them.
    """
    noted = read_index(home)
    known = {entry.seal: entry for entry in noted or []}
    found, faults = [], _missing(home, noted)
    explained = read_registry(home).sealed
    for manifest in sorted(home.ledger.glob("*/*/v*/" + MANIFEST)):
        inside = _inside(home, manifest.parent)
        try:
            seal = _read_seal(manifest)
        except RekindleError as error:
            faults.append(str(error))
            continue
        sealed = known.get(inside)
        first = sealed.sha256 if sealed else seal.sha256
        if noted is not None and sealed is None:
            faults.append(f"{manifest.parent} was added by hand: no seal of that name was ever made")
        elif explained.get(inside, first) != seal.sha256 or (seal.erased and inside not in explained):
            faults.append(f"{manifest} was changed, and no erasure explains it")
        elif sealed and entry_of(inside, read_json(manifest, _DAMAGED)).manifest != sealed.manifest:
            faults.append(f"{manifest} was changed after it was sealed")
        for name, sha256 in seal.sha256.items():
            file = manifest.parent / name
            if not file.exists():
                faults.append(f"{file} is missing")
            elif sha256_of(file) != sha256:
                faults.append(f"{file} was changed after it was sealed")
        found.append(seal)
    erasure = under_way(home)
    if faults and erasure and not erasure.is_purged:
        raise RekindleError(
            "an erasure stopped among the files of the ledger; nothing was built. `rekindle load` finishes it"
        )
    if faults:
        raise RekindleError(
            "the ledger is not what was sealed; nothing was built.\n"
            + "\n".join(f"  {fault}" for fault in faults)
            + "\nBring the files back from a copy, and move away what was added by hand; a decision is "
            "corrected by a new version, not in its file."
        )
    return sorted(found, key=lambda each: (each.campaign_week, each.campaign, each.version))


def _missing(home: Home, noted: list[Entry] | None) -> list[str]:
    """What must be there: each seal that was noted, each exported week, each version up to the newest."""
    versions = {week: _versions_in(week) for week in home.ledger.glob("*/*") if week.is_dir()}
    exported = [home.ledger / week.relative_to(home.exports) for week in home.exports.glob("[!.]*/*")]
    manifests = {
        week / f"v{number}" / MANIFEST
        for week, there in versions.items()
        for number in range(1, max(there, default=0) + 1)
    }
    pending = unnamed(home, noted or [])
    manifests |= {home.ledger / entry.seal / MANIFEST for entry in noted or [] if entry.seal not in pending}
    lost = [week for week in exported if not versions.get(week)]
    lost += [manifest for manifest in manifests if not manifest.exists()]
    return [f"{path} is missing" for path in sorted(lost)]


def differences(home: Home, rebuilt: list[Proposal]) -> list[str]:
    """Where rebuilt weeks are not, byte for byte, the newest version of their seal.

    Returns:
        A line per file that differs, with the rows of both; nothing where all are equal.
    """
    newest = {(each.campaign, each.campaign_week): each for each in seals(home)}
    found = []
    for proposal in rebuilt:
        sealed = newest.get((proposal.campaign, proposal.campaign_week))
        if sealed is None:
            found.append(f"{proposal.campaign} {proposal.campaign_week}: was not sealed")
            continue
        is_redefined = proposal.definition_hash != sealed.definition_hash
        found += [
            f"{proposal.campaign} {proposal.campaign_week} {part}: "
            f"sealed {sealed.counts[part]} rows, rebuilt {len(proposal.tables[part])}"
            + (", defined differently now" if is_redefined else "")
            + (f", v{sealed.version} is a correction" if sealed.version > 1 else "")
            + (f", {counted(sealed.erased, 'member')} erased since" if sealed.erased else "")
            for part in proposal.differing_parts(home, sealed)
        ]
    return found


def _week_folder(home: Home, campaign: str, week: date) -> Path:
    return home.ledger / campaign / week.isoformat()


def _versions_in(week: Path) -> list[int]:
    return sorted(int(folder.name[1:]) for folder in week.glob("v*") if folder.name[1:].isdecimal())
