"""The definitions of `seeds/campaigns/` and `seeds/benefits/`, read for those who check or show them.

Belongs here: finding the CSV files, and the codes of other definitions that campaigns may name.
Does not: what is a fault (core.campaign_definitions), deciding who enters (dbt).
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from orchestration.core.campaign_definitions import CampaignDefinitions, check
from orchestration.definitions_files.rows import read_rows
from orchestration.definitions_files.seeds import faults_of, files_of
from orchestration.definitions_files.settings import setting_types
from orchestration.project import SEEDS_DIR

CAMPAIGN_FILES = (
    "call_effects", "campaigns", "campaign_arms", "campaign_settings", "campaign_steps", "campaign_targets",
    "campaign_waivers", "contact_caps", "contact_channels", "copy_templates", "experiments",
    "experiment_guardrails", "experiment_metrics", "experiment_segments", "global_holdouts", "target_kinds",
)  # fmt: skip
BENEFIT_FILES = ("benefits", "benefit_stores")
MARKS = {
    "stage": ("lifecycle/stages.csv", "stage"),
    "silence_tier": ("lifecycle/silence_tier_labels.csv", "silence_tier"),
    "silence_cause": ("lifecycle/silence_causes.csv", "silence_cause"),
    "churn_level": ("churn/churn_levels.csv", "churn_level"),
    "churn_action": ("churn/churn_actions.csv", "action"),
    "no_login_step": ("churn/no_login_steps.csv", "step"),
    "value_tier": ("value/value_tiers.csv", "value_tier"),
    "category_group": ("lifecycle/category_groups.csv", "category_group"),
}
"""Where the codes of each kind of target beside tags are defined; regions and stores only the data knows."""


def read_campaigns(seeds: Path = SEEDS_DIR) -> CampaignDefinitions:
    """Every row that defines campaigns, with the line it stands in.

    Args:
        seeds: Folder of all definitions.
    """
    tables = {
        **{name: read_rows(seeds / "campaigns" / f"{name}.csv") for name in CAMPAIGN_FILES},
        **{name: read_rows(seeds / "benefits" / f"{name}.csv") for name in BENEFIT_FILES},
        "promotions": read_rows(seeds / "calendar" / "promotions.csv"),
    }
    marks = {
        kind: list(dict.fromkeys(row[column] for row in read_rows(seeds / file)))
        for kind, (file, column) in MARKS.items()
    }
    marks["tag"] = [
        row["tag"] for row in read_rows(seeds / "tags" / "tags.csv") if row["subject"] == "member"
    ]
    return CampaignDefinitions(tables, marks, setting_types("campaign_settings"))


def check_campaigns(on: date, seeds: Path = SEEDS_DIR) -> CampaignDefinitions:
    """The definitions, if nothing is wrong with them on a date.

    Raises:
        InputFault: With every fault.
    """
    definitions = read_campaigns(seeds)
    named = (*CAMPAIGN_FILES, *BENEFIT_FILES, "promotions")
    check(definitions, on, faults_of(named, files_of(seeds)))
    return definitions
