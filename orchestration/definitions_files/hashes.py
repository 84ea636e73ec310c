"""What a campaign was defined as when it was decided: one hash over every row that defines it.

Belongs here: which rows of ``seeds/`` define a campaign, hashing them.
Does not: whether the rows are sound (core), deciding (``models/audiences``).
"""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

from orchestration.project import SEEDS_DIR

Rows = list[dict[str, str]]


def definition_hashes(seeds_dir: Path = SEEDS_DIR) -> dict[str, str]:
    """SHA-256 per campaign over its own rows and those of the tags, benefits, copy and caps it uses.

    Rows are hashed in their own order of content, so moving a line changes nothing; any other change does.
    """
    campaigns, targets, steps, arms, caps, holdouts, copy = (
        _rows(seeds_dir / "campaigns" / f"{name}.csv")
        for name in (
            "campaigns", "campaign_targets", "campaign_steps", "campaign_arms", "contact_caps",
            "global_holdouts", "copy_templates",
        )
    )  # fmt: skip
    benefits = _rows(seeds_dir / "benefits" / "benefits.csv")
    stores = _rows(seeds_dir / "benefits" / "benefit_stores.csv")
    tag_rules = _rows(seeds_dir / "tags" / "tag_rules.csv")
    hashes = {}
    for campaign in campaigns:
        code = campaign["campaign"]
        own_targets = _of(targets, "campaign", {code})
        own_steps = _of(steps, "campaign", {code})
        tags = {row["value"] for row in own_targets if row["kind"] == "tag"}
        used = {row["benefit"] for row in own_steps}
        hashes[code] = _hash(
            [
                [campaign],
                own_targets,
                own_steps,
                _of(arms, "campaign", {code}),
                _of(caps, "cap_class", {campaign["cap_class"]}),
                holdouts,
                _of(copy, "template", {row["template"] for row in own_steps}),
                _of(benefits, "benefit", used),
                _of(stores, "benefit", used),
                _of(tag_rules, "tag", tags),
            ]
        )
    return hashes


def _hash(tables: list[Rows]) -> str:
    ordered = [sorted(json.dumps(row, sort_keys=True) for row in rows) for rows in tables]
    return hashlib.sha256(json.dumps(ordered).encode()).hexdigest()


def _of(rows: Rows, column: str, values: set[str]) -> Rows:
    return [row for row in rows if row[column] in values]


def _rows(path: Path) -> Rows:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
