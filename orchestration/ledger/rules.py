"""The rule of an experiment, sealed with the first audience it is drawn in.

Belongs here: fingerprints of rules, refusing one that was changed or declared late.
Does not: evaluating (fits), sealing (``seals.py``), whether a rule is a good one (seeds.experiments).

Each seal names the experiments of its campaign with the fingerprints of their rules. From then on another
rule is refused, and so is an experiment over weeks that were sealed without it: nobody may choose the
question after the answer.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.core.errors import InputFault
from orchestration.definitions_files.seeds import sound_rows
from orchestration.definitions_files.settings import read_settings
from orchestration.project import SEEDS_DIR

if TYPE_CHECKING:
    from orchestration.ledger.seals import Seal

# What an experiment is, in rows: file below seeds/campaigns -> column that names whose row it is.
_OWN_ROWS = {
    "experiments": "experiment",
    "experiment_looks": "experiment",
    "experiment_guardrails": "experiment",
    "experiment_segments": "experiment",
}
# Of campaign_settings, those that decide how every experiment is read.
_SETTINGS = (
    "pre_period_days", "least_members", "srm_stop_below", "srm_warn_below", "program_metric",
    "program_significance",
)  # fmt: skip


def check_rules(sealed: Iterable[Seal], seeds_dir: Path = SEEDS_DIR) -> None:
    """Compare the rules of started experiments with their seals, before a build begins.

    Args:
        sealed: The ledger.
        seeds_dir: Definitions.

    Raises:
        InputFault: All experiments whose rule is another one, or that weeks were sealed without.
    """
    declared = _rows("experiments", seeds_dir)
    hashes = rule_hashes(seeds_dir)
    changed, late = set(), {}
    for each in _starting(sealed):
        changed |= {code for code, rule_hash in each.rules.items() if hashes.get(code) != rule_hash}
        late |= {
            row["experiment"]: each.campaign_week
            for row in declared
            if row["experiment"] not in each.rules and _is_read_by(row, each.campaign, each.campaign_week)
        }
    if changed:
        raise InputFault(
            f"the rule of {', '.join(sorted(changed))} was changed after the start: its rows in "
            "seeds/campaigns (experiments, experiment_looks, experiment_guardrails, experiment_segments, "
            "experiment_metrics, campaign_settings, campaign_arms) are not those its first audience was "
            "sealed with. Bring them back; another question is another experiment with a code of its own."
        )
    if late:
        raise InputFault(
            "an experiment is declared before its first week is sealed, and these were not: "
            + ", ".join(f"{code} (sealed without it: {week})" for code, week in sorted(late.items()))
            + ". In seeds/campaigns/experiments.csv set valid_from to a later Monday."
        )


def declared_rules(campaign: str, week: date, seeds_dir: Path = SEEDS_DIR) -> dict[str, str]:
    """The experiments that read a campaign week, with the fingerprints of their rules.

    Args:
        campaign: Campaign.
        week: Its Monday.
        seeds_dir: Definitions.
    """
    hashes = rule_hashes(seeds_dir)
    return {
        row["experiment"]: hashes[row["experiment"]]
        for row in _rows("experiments", seeds_dir)
        if _is_read_by(row, campaign, week)
    }


def first_seals(sealed: Iterable[Seal]) -> dict[str, Seal]:
    """By experiment, the seal of the audience it started with."""
    first: dict[str, Seal] = {}
    for each in sorted(_starting(sealed), key=lambda seal: (seal.campaign_week, seal.version)):
        for code in each.rules:
            first.setdefault(code, each)
    return first


def _starting(sealed: Iterable[Seal]) -> Iterator[Seal]:
    """Where nobody was drawn, nothing started."""
    return (each for each in sealed if each.counts["included"])


def _is_read_by(row: dict[str, str], campaign: str, week: date) -> bool:
    return (
        row["campaign"] == campaign
        and row["valid_from"] <= week.isoformat()
        and (not row["valid_to"] or week.isoformat() <= row["valid_to"])
    )


def rule_hashes(seeds_dir: Path = SEEDS_DIR) -> dict[str, str]:
    """SHA-256 per experiment over every row that says how it decides; the order of rows changes nothing."""
    tables = {
        name: _rows(name, seeds_dir)
        for name in (*_OWN_ROWS, "experiment_metrics", "campaign_settings", "campaign_arms")
    }
    # Which settings there are is checked; what is hashed is their texts.
    read_settings("campaign_settings", seeds_dir)
    values = {row["setting"]: row["value"] for row in tables["campaign_settings"]}
    hashes = {}
    for row in tables["experiments"]:
        own = {
            name: [each for each in tables[name] if each[column] == row["experiment"]]
            for name, column in _OWN_ROWS.items()
        }
        used = {row["primary_metric"], *(each["metric"] for each in own["experiment_guardrails"])}
        rule = [
            *own.values(),
            [each for each in tables["experiment_metrics"] if each["metric"] in used],
            [each for each in tables["campaign_arms"] if each["campaign"] == row["campaign"]],
            [{name: values[name] for name in _SETTINGS}],
        ]
        ordered = [sorted(json.dumps(each, sort_keys=True) for each in rows) for rows in rule]
        hashes[row["experiment"]] = hashlib.sha256(json.dumps(ordered).encode()).hexdigest()
    return hashes


def _rows(name: str, seeds_dir: Path) -> list[dict[str, str]]:
    return [row.values for row in sound_rows(f"campaigns/{name}.csv", seeds_dir)]
