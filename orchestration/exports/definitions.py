"""What an export reads of ``seeds/``: copy, benefits, addresses, fallbacks, limits.

Belongs here: reading them, refusing rows by which no file could be written.
Does not: filling copy (core.copy_texts), what is wrong with any seed (core.seed_rows).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from orchestration.core.campaign_definitions import LANGUAGES
from orchestration.core.copy_texts import VARIABLES, variables_of
from orchestration.core.definition_rows import HEADER, Fault, Row, fault_of, number, refuse, shown
from orchestration.core.errors import InputFault
from orchestration.definitions_files.seeds import sound_rows
from orchestration.definitions_files.settings import read_settings
from orchestration.project import SEEDS_DIR

MEMBER_NUMBER = "member_id"
ADDRESSES = ("phone", "email", "union_id", MEMBER_NUMBER)
"""What a sending tool may be given as an address."""
MOST_DAYS = 36_500
"""Days after which nothing expires; a date further away is none that every engine knows."""


@dataclass(frozen=True)
class Definitions:
    """The rows an export reads.

    Attributes:
        default_language: Of members of whom none is known.
        most_consent_days: Most days since the newest delivery of consents of each source.
        most_consent_shrink_share: Most that delivery may be smaller than the largest of its source.
        purpose: Purpose of consent that campaigns need.
        templates: Subject and body by template and language.
        benefits: Rows by benefit.
        addresses: Column of the vault by channel.
        member_system: System whose member number is an address.
        fallbacks: By language, text by variable.
        reasons: Why a planned touch is left out, the first that applies first.
    """

    default_language: str
    most_consent_days: int
    most_consent_shrink_share: Decimal
    purpose: str
    templates: dict[tuple[str, str], tuple[str, str]]
    benefits: dict[str, dict[str, str]]
    addresses: dict[str, str]
    member_system: str
    fallbacks: dict[str, dict[str, str]]
    reasons: tuple[str, ...]


def read_definitions(seeds_dir: Path = SEEDS_DIR) -> Definitions:
    """The definitions.

    Raises:
        InputFault: A file is not as declared, a channel has no address, a template names an unknown variable
            or is missing in the default language.
    """
    settings = read_settings("export_settings", seeds_dir)
    addresses = sound_rows("exports/export_addresses.csv", seeds_dir)
    benefits = sound_rows("benefits/benefits.csv", seeds_dir)
    fallbacks: dict[str, dict[str, str]] = {}
    for row in sound_rows("exports/copy_fallbacks.csv", seeds_dir):
        fallbacks.setdefault(row["language"], {})[row["variable"]] = row["text"]
    reasons = sound_rows("exports/left_out_reasons.csv", seeds_dir)
    channels = sound_rows("campaigns/contact_channels.csv", seeds_dir)
    refuse(
        (*_faults_of_addresses(addresses, channels), *_faults_of_benefits(benefits)),
        "export",
    )
    definitions = Definitions(
        default_language=settings["default_language"],
        most_consent_days=settings["most_consent_days"],
        most_consent_shrink_share=settings["most_consent_shrink_share"],
        purpose=read_settings("campaign_settings", seeds_dir)["answer_purpose"],
        templates={
            (row["template"], row["language"]): (row["subject"], row["body"])
            for row in sound_rows("campaigns/copy_templates.csv", seeds_dir)
        },
        benefits={row["benefit"]: row.values for row in benefits},
        addresses={row["channel"]: row["address"] for row in addresses},
        member_system=next((row["system"] for row in addresses if row["address"] == MEMBER_NUMBER), ""),
        fallbacks=fallbacks,
        reasons=tuple(row["reason"] for row in sorted(reasons, key=lambda row: int(row["reason_order"]))),
    )
    _check_copy(definitions)
    return definitions


def _check_copy(definitions: Definitions) -> None:
    faults = []
    for (template, language), texts in definitions.templates.items():
        where = f"{shown(template)} ({shown(language)})"
        if language not in LANGUAGES:
            faults.append(f"{where}: unknown language; allowed: {', '.join(LANGUAGES)}")
        unknown = sorted(variables_of(" ".join(texts)) - set(VARIABLES))
        faults += [f"{where}: unknown variable {shown(name)}" for name in unknown]
        if (template, definitions.default_language) not in definitions.templates:
            faults.append(f"{shown(template)}: not in the default language {definitions.default_language}")
    if faults:
        raise InputFault(
            "seeds/campaigns/copy_templates.csv cannot be filled; nothing was exported.\n"
            + "\n".join(f"  {fault}" for fault in sorted(set(faults)))
            + f"\nVariables are: {', '.join(VARIABLES)}."
        )


def _faults_of_addresses(addresses: Sequence[Row], channels: Sequence[Row]) -> Iterator[Fault]:
    known = [row["channel"] for row in addresses]
    for row in channels:
        if row["channel"] not in known:
            found = f"channel {shown(row['channel'])} of contact_channels.csv is missing"
            yield Fault("export_addresses.csv", HEADER, "the addresses", found, "add its row")
    systems = {row["system"] for row in addresses if row["address"] == MEMBER_NUMBER}
    for row in addresses:
        if row["address"] not in ADDRESSES:
            yield fault_of(row, f"address {shown(row['address'])}", f"allowed: {', '.join(ADDRESSES)}")
        elif row["address"] == MEMBER_NUMBER and (not row["system"] or len(systems) > 1):
            yield fault_of(
                row, f"system {shown(row['system'])}", f"{MEMBER_NUMBER} needs one, the same in all rows"
            )


def _faults_of_benefits(benefits: Sequence[Row]) -> Iterator[Fault]:
    for row in benefits:
        days = number(row["valid_days"])
        if days is None or not 0 <= days <= MOST_DAYS:
            yield fault_of(row, f"valid_days {shown(row['valid_days'])}", f"allowed: 0 to {MOST_DAYS:,}")
