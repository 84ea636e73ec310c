"""Faults of campaign definitions: all that is wrong with seeds/campaigns and seeds/benefits, found at once.

Belongs here: the rules that campaigns, caps, holdouts, copy, benefits and experiments must keep, on rows.
Does not: reading files (definitions_files.campaigns), deciding who enters (dbt's models).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise

from orchestration.core.campaign_reach import reach_faults
from orchestration.core.copy_texts import VARIABLES
from orchestration.core.definition_rows import Fault, Row, day, fault_of, has_contact, number, refuse, shown
from orchestration.core.experiments.declared import FACTS
from orchestration.core.periods import covers, overlapping, period_of
from orchestration.core.settings import Types, setting_faults
from orchestration.core.tag_definitions import Definitions as TagDefinitions

Tables = Mapping[str, tuple[Row, ...]]
"""The rows of each file, by its name without `.csv`."""

TRIGGERS = ("weekly", "promotion")
EXITS = ("purchase", "interaction")
ROLES = ("control", "treatment")
EVERY, ALL = "every", "all"
INTENSITIES = ("light", "medium", "strong")
LANGUAGES = ("en", "zh")
BENEFIT_KINDS = ("content", "coupon", "points", "gift", "service")
SEGMENTS = ("stage", "silence_tier", "silence_cause", "region")
KEYS = {
    "campaigns": ("campaign",), "campaign_arms": ("campaign", "arm"),
    "campaign_steps": ("campaign", "arm", "step_no"),
    "campaign_targets": ("campaign", "group_no", "kind", "value"), "contact_caps": ("cap_class", "channel"),
    "global_holdouts": ("holdout",), "copy_templates": ("template", "language"), "benefits": ("benefit",),
    "benefit_stores": ("benefit", "store_id"), "experiments": ("experiment",),
}  # fmt: skip
"""What identifies a row of a file."""

_CODE = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
_BRACES = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class CampaignDefinitions:
    """Everything that defines campaigns.

    Attributes:
        tables: Rows of `seeds/campaigns` and `seeds/benefits`, and of `promotions`.
        marks: Codes that a target can have, by kind; a kind whose codes only the data knows is left out.
        setting_types: The settings of `campaign_settings` that are declared.
        tags: The tags that a target can name.
    """

    tables: Tables
    marks: Mapping[str, Sequence[str]]
    setting_types: Types
    tags: TagDefinitions

    def codes(self, table: str, column: str) -> list[str]:
        """The codes of a column, each once, in their order."""
        return list(dict.fromkeys(row[column] for row in self.tables[table]))

    def by_campaign(self, table: str) -> dict[str, list[Row]]:
        """Rows of a file by campaign."""
        return _grouped(self.tables[table], "campaign")


def check(definitions: CampaignDefinitions, on: date, declared: Iterable[Fault] = ()) -> None:
    """Refuse definitions with any fault, also with one against what is declared of the files.

    Raises:
        InputFault: With every fault.
    """
    refuse(campaign_faults(definitions, on), "campaign", declared)


def campaign_faults(definitions: CampaignDefinitions, on: date) -> Iterator[Fault]:
    """Every fault: file, line, code, what was found and what is allowed."""
    yield from setting_faults(
        "campaign_settings.csv", definitions.tables["campaign_settings"], definitions.setting_types
    )
    yield from _faults_of_keys(definitions)
    yield from _faults_of_campaigns(definitions)
    yield from _faults_of_targets(definitions)
    running = [row for row in definitions.tables["campaigns"] if covers(period_of(row), on)]
    if running and not any(True for _ in _faults_of_targets(definitions)):
        yield from reach_faults(definitions.tables, definitions.marks, definitions.tags, running)
    yield from _faults_of_arms(definitions)
    yield from _faults_of_steps(definitions)
    yield from _faults_of_caps(definitions)
    yield from _faults_of_holdouts(definitions, on)
    yield from _faults_of_copy(definitions)
    yield from _faults_of_benefits(definitions)
    yield from _faults_of_experiments(definitions)


def _known(row: Row, column: str, allowed: Collection[str]) -> Iterator[Fault]:
    if row[column] not in allowed:
        yield fault_of(
            row, f"{column} {shown(row[column])}", f"allowed: {', '.join(allowed) or 'none is defined'}"
        )


def _at_least(row: Row, column: str, least: int, *, whole: bool = True) -> Iterator[Fault]:
    found = number(row[column])
    if found is None or found < least or (whole and found != found.to_integral_value()):
        kind = "whole numbers" if whole else "numbers"
        yield fault_of(row, f"{column} {shown(row[column])}", f"allowed: {kind} from {least}")


def _share(row: Row, column: str) -> Iterator[Fault]:
    found = number(row[column])
    if found is None or not 0 < found < 1:
        yield fault_of(row, f"{column} {shown(row[column])}", "allowed: above 0 and below 1")


def _written(row: Row, *columns: str) -> Iterator[Fault]:
    for column in columns:
        if not row[column].strip():
            yield fault_of(row, f"no {column}", "write one")


def _grouped(rows: Iterable[Row], column: str) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row[column]].append(row)
    return groups


def _faults_of_period(row: Row) -> Iterator[Fault]:
    if period_of(row) is None:
        found = f"valid from {shown(row['valid_from'])} to {shown(row['valid_to'])}"
        yield fault_of(row, found, "allowed: YYYY-MM-DD, the end empty or not before the start")


def _faults_of_keys(definitions: CampaignDefinitions) -> Iterator[Fault]:
    for table, columns in KEYS.items():
        first_of: dict[tuple[str, ...], Row] = {}
        for row in definitions.tables[table]:
            first = first_of.setdefault(tuple(row[column] for column in columns), row)
            if first is not row:
                yield fault_of(
                    row, f"{' and '.join(columns)} stand in line {first.line} as well", "name it once"
                )
        for row in definitions.tables[table]:
            for column, text in row.values.items():
                if has_contact(text):
                    yield fault_of(
                        row, f"a contact detail in {column}", "definitions are about groups, never a person"
                    )


def _faults_of_campaigns(definitions: CampaignDefinitions) -> Iterator[Fault]:
    rows = definitions.tables["campaigns"]
    steps = definitions.by_campaign("campaign_steps")
    windows = [window for row in definitions.tables["promotions"] if (window := _window(row))]
    for row in rows:
        if not _CODE.fullmatch(row["campaign"]):
            yield fault_of(
                row, f"campaign {shown(row['campaign'])}", "allowed: lower-case letters, digits and _"
            )
        yield from _written(row, "label_en", "label_zh", "objective_en", "objective_zh")
        yield from _known(row, "trigger", TRIGGERS)
        yield from _known(row, "exit_on", EXITS)
        yield from _known(row, "metric", definitions.codes("experiment_metrics", "metric"))
        yield from _known(row, "cap_class", definitions.codes("contact_caps", "cap_class"))
        yield from _at_least(row, "priority", 1)
        yield from _at_least(row, "weekly_budget_amount", 0, whole=False)
        yield from _at_least(row, "weekly_capacity", 0)
        yield from _at_least(row, "cooldown_days", 1)
        yield from _faults_of_period(row)
        period = period_of(row)
        if period and period[0].isoweekday() != 1:
            yield fault_of(row, f"valid_from {period[0]} is no Monday", "campaign weeks begin on Mondays")
        within = [True for start, end in windows if period and start <= period[1] and end >= period[0]]
        if period and row["trigger"] == "promotion" and not within:
            yield fault_of(row, "no promotion window within its validity", "add one to promotions.csv")
        offsets = [number(step["day_offset"]) for step in steps.get(row["campaign"], [])]
        journey = max((each for each in offsets if each is not None), default=Decimal(0))
        journey += _setting(definitions, "failed_after_days")
        cooldown = number(row["cooldown_days"])
        if cooldown is not None and cooldown < journey:
            yield fault_of(
                row, f"cooldown_days {cooldown} is shorter than the journey", f"allowed: from {journey}"
            )
        for table, what in (("campaign_arms", "arm"), ("campaign_steps", "step")):
            if row["campaign"] not in definitions.codes(table, "campaign"):
                yield fault_of(row, f"no {what}", f"give it rows in {table}.csv")
    for first, second in overlapping(rows):
        if first["priority"] == second["priority"]:
            found = f"a tie: priority {second['priority']} is that of {shown(first['campaign'])} too"
            yield fault_of(second, found, "let one of the two go first")


def _setting(definitions: CampaignDefinitions, name: str) -> Decimal:
    """A number of the settings; 0 where there is none; that is a fault of its own."""
    rows = [row for row in definitions.tables["campaign_settings"] if row["setting"] == name]
    return (number(rows[0]["value"]) if rows else None) or Decimal(0)


def _window(row: Row) -> tuple[date, date] | None:
    """First and last day of a promotion; what is declared of its file says where they are none."""
    try:
        return day(row["starts_on"]), day(row["ends_on"])
    except ValueError:
        return None


def _faults_of_targets(definitions: CampaignDefinitions) -> Iterator[Fault]:
    campaigns = definitions.codes("campaigns", "campaign")
    kinds = definitions.codes("target_kinds", "kind")
    for row in definitions.tables["campaign_targets"]:
        yield from _known(row, "campaign", campaigns)
        yield from _known(row, "kind", kinds)
        yield from _known(row, "is_excluded", ("true", "false"))
        yield from _at_least(row, "group_no", 1)
        if row["kind"] in definitions.marks:
            allowed = definitions.marks[row["kind"]]
            if row["value"] not in allowed:
                yield fault_of(row, f"{row['kind']} {shown(row['value'])}", f"allowed: {', '.join(allowed)}")
        else:
            yield from _written(row, "value")
    targets = definitions.by_campaign("campaign_targets")
    for campaign in definitions.tables["campaigns"]:
        own = targets.get(campaign["campaign"], [])
        if not any(row["is_excluded"] == "false" for row in own):
            yield fault_of(
                campaign, "targets nobody", "give it a row in campaign_targets.csv that is not excluded"
            )
        for group in _grouped(own, "group_no").values():
            if len({row["is_excluded"] for row in group}) > 1:
                yield fault_of(
                    group[-1], f"group {group[-1]['group_no']} includes and excludes", "use two groups"
                )


def _faults_of_arms(definitions: CampaignDefinitions) -> Iterator[Fault]:
    least = _setting(definitions, "smallest_control_share")
    for campaign, rows in definitions.by_campaign("campaign_arms").items():
        for row in rows:
            yield from _known(row, "campaign", definitions.codes("campaigns", "campaign"))
            yield from _known(row, "arm_role", ROLES)
            yield from _share(row, "share")
            if row["arm"] in ("", EVERY):
                yield fault_of(row, f"arm {shown(row['arm'])}", f"allowed: any name but {EVERY}")
        shares = [number(row["share"]) or Decimal(0) for row in rows]
        control = sum(share for row, share in zip(rows, shares, strict=True) if row["arm_role"] == "control")
        if sum(shares) != 1:
            yield fault_of(
                rows[0], f"shares of {shown(campaign)} add up to {sum(shares)}", "allowed: exactly 1"
            )
        if control < least:
            yield fault_of(
                rows[0], f"control share {control}", f"allowed: from {least} (campaign_settings.csv)"
            )
        if not any(row["arm_role"] == "treatment" for row in rows):
            yield fault_of(rows[0], "no treated arm", "give one arm the role treatment")


def _faults_of_steps(definitions: CampaignDefinitions) -> Iterator[Fault]:
    arms = definitions.by_campaign("campaign_arms")
    for campaign, rows in definitions.by_campaign("campaign_steps").items():
        treated = [row["arm"] for row in arms.get(campaign, []) if row["arm_role"] == "treatment"]
        for row in rows:
            yield from _known(row, "campaign", definitions.codes("campaigns", "campaign"))
            yield from _known(row, "arm", [EVERY, *treated])
            yield from _known(row, "intensity", INTENSITIES)
            yield from _known(row, "channel", definitions.codes("contact_channels", "channel"))
            yield from _known(row, "template", definitions.codes("copy_templates", "template"))
            yield from _known(row, "benefit", definitions.codes("benefits", "benefit"))
            yield from _at_least(row, "step_no", 1)
            yield from _at_least(row, "day_offset", 0)
        for arm in treated:
            path = sorted(
                (row for row in rows if row["arm"] in (EVERY, arm) and number(row["step_no"]) is not None),
                key=lambda row: (number(row["step_no"]), row.line),
            )
            if not path:
                yield fault_of(rows[0], f"arm {shown(arm)} has no step", "a treated arm needs one")
                continue
            if [number(row["step_no"]) for row in path] != list(range(1, len(path) + 1)):
                yield fault_of(
                    path[0], f"steps of arm {shown(arm)} are not numbered 1, 2, 3", "number them so"
                )
            for earlier, later in pairwise(path):
                days = number(earlier["day_offset"]), number(later["day_offset"])
                if None not in days and days[1] <= days[0]:
                    found = f"day_offset {days[1]} of step {later['step_no']} after {days[0]}"
                    yield fault_of(later, found, "days of a journey rise")


def _faults_of_caps(definitions: CampaignDefinitions) -> Iterator[Fault]:
    channels = [ALL, *definitions.codes("contact_channels", "channel")]
    for cap_class, rows in _grouped(definitions.tables["contact_caps"], "cap_class").items():
        for row in rows:
            yield from _known(row, "channel", channels)
            yield from _at_least(row, "within_days", 1)
            yield from _at_least(row, "most_touches", 1)
        if ALL not in [row["channel"] for row in rows]:
            yield fault_of(rows[0], f"cap class {shown(cap_class)} has no cap in total", f"add channel {ALL}")


def _faults_of_holdouts(definitions: CampaignDefinitions, on: date) -> Iterator[Fault]:
    rows = definitions.tables["global_holdouts"]
    for row in rows:
        yield from _written(row, "salt", "label_en", "label_zh")
        yield from _share(row, "share")
        yield from _faults_of_period(row)
    for first, second in overlapping(rows):
        yield fault_of(
            second, f"overlaps {shown(first['holdout'])} in line {first.line}", "one holdout at a time"
        )
    for salt, same in _grouped(rows, "salt").items():
        if len(same) > 1:
            yield fault_of(
                same[1], f"salt {shown(salt)} is used in line {same[0].line}", "a period draws its own"
            )
    periods = [period for row in rows if (period := period_of(row))]
    running = [row for row in definitions.tables["campaigns"] if covers(period_of(row), on)]
    if rows and running and not any(covers(period, on) for period in periods):
        yield fault_of(rows[-1], f"expired: no holdout covers {on}", "add one before campaigns run on")


def _faults_of_copy(definitions: CampaignDefinitions) -> Iterator[Fault]:
    for template, rows in _grouped(definitions.tables["copy_templates"], "template").items():
        for row in rows:
            yield from _known(row, "language", LANGUAGES)
            yield from _written(row, "subject", "body")
            for column in ("subject", "body"):
                for name in _BRACES.findall(row[column]):
                    if name not in VARIABLES:
                        yield fault_of(
                            row, f"variable {shown(name)} in {column}", f"allowed: {', '.join(VARIABLES)}"
                        )
                if set(_BRACES.sub("", row[column])) & set("{}"):
                    yield fault_of(row, f"a brace alone in {column}", "variables are written {product}")
        missing = [language for language in LANGUAGES if language not in [row["language"] for row in rows]]
        if missing:
            yield fault_of(rows[0], f"{shown(template)} has no text in {', '.join(missing)}", "write one")


def _faults_of_benefits(definitions: CampaignDefinitions) -> Iterator[Fault]:
    for row in definitions.tables["benefits"]:
        yield from _written(row, "benefit", "label_en", "label_zh")
        yield from _known(row, "kind", BENEFIT_KINDS)
        yield from _at_least(row, "cost_amount", 0, whole=False)
        yield from _at_least(row, "value_amount", 0, whole=False)
        yield from _at_least(row, "valid_days", 0 if row["kind"] == "content" else 1)
    for row in definitions.tables["benefit_stores"]:
        yield from _known(row, "benefit", definitions.codes("benefits", "benefit"))
        if "store" in definitions.marks:
            yield from _known(row, "store_id", definitions.marks["store"])
    for row in definitions.tables["contact_channels"]:
        yield from _at_least(row, "cost_amount", 0, whole=False)


def _faults_of_experiments(definitions: CampaignDefinitions) -> Iterator[Fault]:
    metrics = definitions.codes("experiment_metrics", "metric")
    for row in definitions.tables["experiment_metrics"]:
        yield from _known(row, "fact", FACTS)
        yield from _at_least(row, "window_days", 1)
    known = definitions.codes("experiments", "experiment")
    for row in definitions.tables["experiments"]:
        yield from _known(row, "campaign", definitions.codes("campaigns", "campaign"))
        yield from _known(row, "primary_metric", metrics)
        yield from _at_least(row, "window_days", 1)
        yield from _at_least(row, "planned_looks", 1)
        yield from _share(row, "significance")
        yield from _share(row, "power")
        yield from _faults_of_period(row)
        if not (number(row["minimal_effect"]) or Decimal(0)) > 0:
            yield fault_of(row, f"minimal_effect {shown(row['minimal_effect'])}", "allowed: above 0")
    for rows in definitions.by_campaign("experiments").values():
        for first, second in overlapping(rows):
            found = f"overlaps {shown(first['experiment'])} of the same campaign"
            yield fault_of(second, found, "one experiment of a campaign at a time")
    for row in definitions.tables["experiment_segments"]:
        yield from _known(row, "experiment", known)
        yield from _known(row, "segment", SEGMENTS)
    for row in definitions.tables["experiment_guardrails"]:
        yield from _known(row, "experiment", known)
        yield from _known(row, "metric", metrics)
