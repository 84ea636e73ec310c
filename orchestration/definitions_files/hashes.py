"""What a campaign was defined as when it was decided: one hash over every row that defines it.

Belongs here: which rows of ``seeds/`` define a campaign, hashing them.
Does not: whether the rows are sound (core), deciding (``models/audiences``).
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from orchestration.definitions_files.seeds import sound_rows
from orchestration.project import SEEDS_DIR

Rows = list[dict[str, str]]


def definition_hashes(seeds_dir: Path = SEEDS_DIR) -> dict[str, str]:
    """SHA-256 per campaign over its own rows and those of the tags, benefits, copy, caps and queues it uses.

    Rows are hashed in their own order of content, so moving a line changes nothing; any other change does.
    """
    campaigns, targets, steps, arms, caps, holdouts, copy, channels, kinds, waivers, effects = (
        _rows(f"campaigns/{name}.csv", seeds_dir)
        for name in (
            "campaigns", "campaign_targets", "campaign_steps", "campaign_arms", "contact_caps",
            "global_holdouts", "copy_templates", "contact_channels", "target_kinds", "campaign_waivers",
            "call_effects",
        )
    )  # fmt: skip
    benefits = _rows("benefits/benefits.csv", seeds_dir)
    stores = _rows("benefits/benefit_stores.csv", seeds_dir)
    tag_rules = _rows("tags/tag_rules.csv", seeds_dir)
    capacity = _rows("churn/response_capacity.csv", seeds_dir)
    held_out = _of(
        _rows("churn/churn_settings.csv", seeds_dir), "setting", {"held_out_share", "held_out_salt"}
    )
    hashes = {}
    for campaign in campaigns:
        code = campaign["campaign"]
        own_targets = _of(targets, "campaign", {code})
        own_steps = _of(steps, "campaign", {code})
        tags = {row["value"] for row in own_targets if row["kind"] == "tag"}
        used = {row["benefit"] for row in own_steps}
        own_channels = _of(channels, "channel", {row["channel"] for row in own_steps})
        own_kinds = _of(kinds, "kind", {row["kind"] for row in own_targets if row["is_excluded"] == "false"})
        calls = any(row["is_by_person"] == "true" for row in own_channels)
        answers_warnings = any(row["answers_warning"] == "true" for row in own_kinds)
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
                own_channels,
                own_kinds,
                _of(waivers, "campaign", {code}),
                [*effects, *capacity] if calls else [],
                held_out if answers_warnings else [],
            ]
        )
    return hashes


def _hash(tables: list[Rows]) -> str:
    ordered = [sorted(json.dumps(row, sort_keys=True) for row in rows) for rows in tables]
    return hashlib.sha256(json.dumps(ordered).encode()).hexdigest()


def _of(rows: Rows, column: str, values: set[str]) -> Rows:
    return [row for row in rows if row[column] in values]


def _rows(file: str, seeds_dir: Path) -> Rows:
    return [row.values for row in sound_rows(file, seeds_dir)]
