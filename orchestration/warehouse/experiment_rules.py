"""The rule of an experiment, kept as it was when first judged; what judging keeps beside it.

Belongs here: fingerprints of rules, refusing a changed one, the control tables of judging.
Does not: judging (``judging``), whether a rule is a good one (core.experiments).

A rule is fingerprinted when its experiment is first judged; from then on a changed rule is refused, for
nobody may choose the question after the answer.
"""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.core.errors import RekindleError
from orchestration.project import SEEDS_DIR, Home
from orchestration.warehouse.control import (
    EXPERIMENT_DECISIONS,
    EXPERIMENT_PLANS,
    EXPERIMENT_RESULTS,
    EXPERIMENT_RULES,
    write_control,
)

JUDGED = {
    "experiment_results": EXPERIMENT_RESULTS,
    "experiment_plans": EXPERIMENT_PLANS,
    "experiment_decisions": EXPERIMENT_DECISIONS,
    "experiment_rules": EXPERIMENT_RULES,
}
"""Control tables that judging writes."""

# What an experiment is, in rows: file below seeds/campaigns -> column that names whose row it is.
_OWN_ROWS = {
    "experiments": "experiment",
    "experiment_looks": "experiment",
    "experiment_guardrails": "experiment",
    "experiment_segments": "experiment",
}


class RuleChanged(RekindleError):
    """The rule of a started experiment is not what it was."""

    exit_code = 2


def provide_judged(home: Home) -> None:
    """Make the tables, empty, where there are none yet: a first build must be able to read them."""
    for table, schema in JUDGED.items():
        if not (home.control / f"{table}.parquet").exists():
            write_control(home, table, schema.empty_table())


def check_rules(home: Home, seeds_dir: Path = SEEDS_DIR) -> None:
    """Hold the rules of started experiments against what they were, before a build begins.

    Raises:
        RuleChanged: All experiments whose rule is another one.
    """
    hashes = rule_hashes(seeds_dir)
    changed = [
        row["experiment"]
        for row in kept(home, "experiment_rules")
        if hashes.get(row["experiment"]) != row["rule_hash"]
    ]
    if changed:
        raise RuleChanged(
            f"the rule of {', '.join(sorted(changed))} was changed after the start: its rows in "
            "seeds/campaigns (experiments, experiment_looks, experiment_guardrails, experiment_segments, "
            "experiment_metrics, campaign_arms) are not those it was first judged by. Bring them back; "
            "another question is another experiment with a code of its own."
        )


def rule_hashes(seeds_dir: Path = SEEDS_DIR) -> dict[str, str]:
    """SHA-256 per experiment over every row that says how it decides; the order of rows changes nothing."""
    tables = {
        name: _csv(seeds_dir / "campaigns" / f"{name}.csv")
        for name in (*_OWN_ROWS, "experiment_metrics", "experiment_settings", "campaign_arms")
    }
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
            tables["experiment_settings"],
        ]
        ordered = [sorted(json.dumps(each, sort_keys=True) for each in rows) for rows in rule]
        hashes[row["experiment"]] = hashlib.sha256(json.dumps(ordered).encode()).hexdigest()
    return hashes


def kept(home: Home, table: str) -> list[dict[str, Any]]:
    """Rows of a control table of judging; none where there is none."""
    file = home.control / f"{table}.parquet"
    return pq.read_table(file).to_pylist() if file.exists() else []


def keep(home: Home, table: str, rows: list[dict[str, Any]]) -> None:
    """Replace a control table of judging."""
    write_control(home, table, pa.Table.from_pylist(rows, schema=JUDGED[table]))


def _csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
