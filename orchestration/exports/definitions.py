"""What an export reads of ``seeds/``: copy, benefits, addresses, fallbacks, limits.

Belongs here: reading them, refusing copy that could not be filled.
Does not: filling it (core.copy_texts).
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from orchestration.core.copy_texts import VARIABLES, variables_of
from orchestration.core.errors import InputFault
from orchestration.definitions_files.settings import read_settings
from orchestration.project import SEEDS_DIR


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
        InputFault: A template names an unknown variable or is missing in the default language.
    """
    exports, campaigns = seeds_dir / "exports", seeds_dir / "campaigns"
    settings = read_settings("export_settings", seeds_dir)
    addresses = _rows(exports / "export_addresses.csv")
    fallbacks: dict[str, dict[str, str]] = {}
    for row in _rows(exports / "copy_fallbacks.csv"):
        fallbacks.setdefault(row["language"], {})[row["variable"]] = row["text"]
    reasons = sorted(_rows(exports / "left_out_reasons.csv"), key=lambda row: int(row["reason_order"]))
    definitions = Definitions(
        default_language=settings["default_language"],
        most_consent_days=settings["most_consent_days"],
        most_consent_shrink_share=settings["most_consent_shrink_share"],
        purpose=read_settings("campaign_settings", seeds_dir)["answer_purpose"],
        templates={
            (row["template"], row["language"]): (row["subject"], row["body"])
            for row in _rows(campaigns / "copy_templates.csv")
        },
        benefits={row["benefit"]: row for row in _rows(seeds_dir / "benefits" / "benefits.csv")},
        addresses={row["channel"]: row["address"] for row in addresses},
        member_system=next(row["system"] for row in addresses if row["address"] == "member_id"),
        fallbacks=fallbacks,
        reasons=tuple(row["reason"] for row in reasons),
    )
    _check_copy(definitions)
    return definitions


def _check_copy(definitions: Definitions) -> None:
    faults = []
    for (template, language), texts in definitions.templates.items():
        unknown = sorted(variables_of(" ".join(texts)) - set(VARIABLES))
        faults += [f"{template} ({language}): unknown variable {{{name}}}" for name in unknown]
        if (template, definitions.default_language) not in definitions.templates:
            faults.append(f"{template}: not in the default language {definitions.default_language}")
    if faults:
        raise InputFault(
            "seeds/campaigns/copy_templates.csv cannot be filled; nothing was exported.\n"
            + "\n".join(f"  {fault}" for fault in sorted(set(faults)))
            + f"\nVariables are: {', '.join(VARIABLES)}."
        )


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
