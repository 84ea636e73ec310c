"""Evaluating the experiments of a build: sums out of its file, readings and decisions into own tables.

Belongs here: reading definitions and sums, keeping decisions as they were at first.
Does not: any statistics (seeds.experiments), making sums (``models/experiments``), hashing rules.

Decisions are written once: what the first look that decided said is not said again by a later one.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from orchestration.core.experiments.arm_statistics import ArmStatistics
from orchestration.core.experiments.declared import Cell, Experiment, Metric, Settings
from orchestration.core.experiments.planned import PlanRow, plan
from orchestration.core.experiments.readout import Decision, Reading, read_experiment, read_program
from orchestration.core.settings import typed
from orchestration.definitions_files.settings import setting_types
from orchestration.ledger.rules import check_rules, first_seals
from orchestration.ledger.seals import seals
from orchestration.own_tables import read_own_table, write_own_table
from orchestration.project import Home
from orchestration.warehouse.builds import Build
from orchestration.warehouse.connections import connect_read_only

_SUMS = [
    name.name for name in fields(ArmStatistics) if name.name.startswith("sum_") and "w" not in name.name[4:]
]


@dataclass(frozen=True)
class Evaluations:
    """What was said of the experiments of one build."""

    readings: list[Reading]
    plans: list[PlanRow]
    decisions: list[Decision]


def evaluate_build(home: Home, build: Build) -> Evaluations:
    """Evaluate the experiments of a build: what was said is its own, what was decided the home's.

    Raises:
        InputFault: A started experiment has another rule than its first audience was sealed with.
    """
    if not _has_experiments(build.file):
        return Evaluations([], [], [])
    with connect_read_only(build.file) as connection:
        definitions = _Definitions(connection)
        sums = _sums(connection)
        sizes = _rows(connection, "experiments.exp_arm_sizes")
        reached = _rows(connection, "experiments.exp_arm_stats__looks")
        program_days = dict(
            connection.execute(
                "select experiment, max(window_days) from experiments.exp_arm_stats "
                "where purpose = 'program' group by experiment"
            ).fetchall()
        )
    started = {row["experiment"] for row in sizes if row["first_week"] is not None}
    rules = _sealed_rules(home, definitions, build.as_of_date)
    write_own_table(build, "experiment_rules", [rules[code] for code in sorted(rules)])
    decided = read_own_table(home, "experiment_decisions")
    readings, plans, decisions = [], [], []
    for code, experiment in definitions.experiments.items():
        own = [row for row in sizes if row["experiment"] == code]
        if code in started:
            found, new = read_experiment(
                experiment,
                definitions.metrics,
                definitions.settings,
                assigned={row["arm"]: row["members"] for row in own},
                sums=sums["effect", code],
                reached_looks=[
                    row["look_no"] for row in reached if row["experiment"] == code and row["is_reached"]
                ],
                planned_members=rules[code]["planned_members"],
                decided=[row["arm"] for row in decided if row["experiment"] == code],
            )
            readings += found
            decisions += new
        metric = definitions.metrics[experiment.primary_metric]
        audience = sums["baseline", code].get(Cell(metric.metric), {}).get("audience")
        plans += plan(experiment, metric, audience, max(row["proposed_members"] for row in own))
    program_metric = definitions.metrics[definitions.program_metric]
    for purpose, holdout in sorted(sums):
        if purpose == "program":
            share_over = definitions.share_over(holdout, program_days[holdout], build.as_of_date)
            readings += read_program(
                holdout, program_metric, definitions.settings, sums[purpose, holdout], share_over
            )
    write_own_table(build, "experiment_results", [asdict(row) for row in readings])
    write_own_table(build, "experiment_plans", [asdict(row) for row in plans])
    added = [
        {**asdict(row), "decided_on": build.as_of_date, "rule_hash": rules[row.experiment]["rule_hash"]}
        for row in decisions
    ]
    write_own_table(home, "experiment_decisions", [*decided, *added])
    return Evaluations(readings, plans, decisions)


def _has_experiments(file: Path) -> bool:
    """Whether the project behind the file has the room of experiments; else there is nothing to evaluate."""
    if not file.exists():
        return False
    with connect_read_only(file) as connection:
        found = connection.execute(
            "select 1 from information_schema.tables where table_name = 'exp_arm_stats'"
        ).fetchone()
    return found is not None


class _Definitions:
    """The experiments as the seeds of a warehouse file define them."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        looks, guardrails, arms = (
            _rows(connection, f"seeds.{name}")
            for name in ("experiment_looks", "experiment_guardrails", "campaign_arms")
        )
        settings = typed(
            {row["setting"]: row["value"] for row in _rows(connection, "seeds.campaign_settings")},
            setting_types("campaign_settings"),
        )
        self.program_metric = settings["program_metric"]
        self._holdouts_end = {
            row["holdout"]: row["valid_to"] for row in _rows(connection, "seeds.global_holdouts")
        }
        self.settings = Settings(
            settings["least_members"],
            *(
                float(settings[name])
                for name in ("srm_stop_below", "srm_warn_below", "program_significance", "program_power")
            ),
        )
        self.metrics = {
            row["metric"]: Metric(
                row["metric"],
                row["kind"] == "ratio",
                row["higher_is_better"],
                float(row["allowed_harm"]),
                is_rate=row["kind"] == "mean" and row["folded_by"] == "any" and row["set_against"] is None,
            )
            for row in _rows(connection, "seeds.experiment_metrics")
        }
        self.experiments = {
            row["experiment"]: Experiment(
                experiment=row["experiment"],
                primary_metric=row["primary_metric"],
                minimal_effect=float(row["minimal_effect"]),
                looks=tuple(
                    each["after_weeks"]
                    for each in sorted(looks, key=lambda look: look["look_no"])
                    if each["experiment"] == row["experiment"]
                ),
                significance=float(row["significance"]),
                power=float(row["power"]),
                guardrails=tuple(
                    sorted(each["metric"] for each in guardrails if each["experiment"] == row["experiment"])
                ),
                shares={
                    each["arm"]: float(each["share"]) for each in arms if each["campaign"] == row["campaign"]
                },
                control_arm=next(
                    (
                        each["arm"]
                        for each in arms
                        if each["campaign"] == row["campaign"] and each["arm_role"] == "control"
                    ),
                    "",
                ),
            )
            for row in _rows(connection, "seeds.experiments")
        }

    def share_over(self, holdout: str, days: int, as_of: date) -> float:
        """How much of the days between the first sealed week of a holdout and its end is over."""
        left = max((self._holdouts_end[holdout] - as_of).days, 0)
        return days / (days + left)


def _sums(
    connection: duckdb.DuckDBPyConnection,
) -> dict[tuple[str, str], dict[Cell, dict[str, ArmStatistics]]]:
    """Sums by purpose and experiment."""
    found: dict[Any, Any] = defaultdict(lambda: defaultdict(dict))
    for row in _rows(connection, "experiments.exp_arm_stats"):
        cell = Cell(row["metric"], row["look_no"], row["segment"], row["segment_value"])
        found[row["purpose"], row["experiment"]][cell][row["arm"]] = ArmStatistics(
            row["arm"], row["members"], **{name: row[name] for name in _SUMS}
        )
    return found


def _sealed_rules(home: Home, definitions: _Definitions, until: date) -> dict[str, dict[str, Any]]:
    """The rule of every experiment started by a date, as it was sealed with its first audience."""
    sealed = seals(home)
    check_rules(sealed)
    rules = {}
    for code, first in first_seals(each for each in sealed if each.as_of_date <= until).items():
        experiment = definitions.experiments[code]
        weeks, arms = experiment.looks[-1], len(experiment.shares)
        rules[code] = {
            "experiment": code,
            "rule_hash": first.rules[code],
            "registered_on": first.as_of_date,
            # An arm and the control, if every week were like the first.
            "planned_members": max(1, round(first.counts["included"] * weeks * 2 / arms)),
        }
    return rules


def _rows(connection: duckdb.DuckDBPyConnection, table: str) -> list[dict[str, Any]]:
    cursor = connection.execute(f"from {table} order by all")
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
