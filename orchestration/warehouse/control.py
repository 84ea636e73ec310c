"""The small source tables that Python writes for dbt, each one Parquet file in ``loaded/control/``.

Belongs here: writing them in one step, the columns of those a build writes, which build they are written for.
Does not: the columns of ``loads`` (the loader's), reading them (``models/staging/control``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.project import Home
from orchestration.warehouse.durable import replacing

if TYPE_CHECKING:
    from orchestration.warehouse.builds import Build

AS_OF_DATES = pa.schema([("as_of_date", pa.date32())])
BUILDS = pa.schema([("build_id", pa.string()), ("as_of_date", pa.date32()), ("code_version", pa.string())])
DEFINITION_HASHES = pa.schema([("campaign", pa.string()), ("definition_hash", pa.string())])
SEALED_DECISIONS = pa.schema(
    [
        ("campaign", pa.string()),
        ("campaign_week", pa.date32()),
        ("ledger_version", pa.int32()),
        ("as_of_date", pa.date32()),
        ("member_key", pa.int64()),
        ("is_included", pa.bool_()),
        ("drop_reason", pa.string()),
        ("arm", pa.string()),
        ("arm_role", pa.string()),
        ("propensity", pa.decimal128(9, 6)),
        ("priority", pa.int32()),
        ("value_rank", pa.int32()),
        ("expected_cost_amount", pa.decimal128(18, 2)),
        ("definition_hash", pa.string()),
        ("stage", pa.string()),
        ("silence_tier", pa.string()),
        ("silence_cause", pa.string()),
        ("value_tier", pa.string()),
        ("region", pa.string()),
        ("home_store_id", pa.string()),
    ]
)
SEALED_TOUCHES = pa.schema(
    [
        ("planned_touch_id", pa.string()),
        ("campaign", pa.string()),
        ("campaign_week", pa.date32()),
        ("ledger_version", pa.int32()),
        ("entry_week", pa.date32()),
        ("member_key", pa.int64()),
        ("arm", pa.string()),
        ("step_no", pa.int32()),
        ("planned_on", pa.date32()),
        ("channel", pa.string()),
        ("template", pa.string()),
        ("benefit", pa.string()),
        ("status", pa.string()),
    ]
)
SEALED_WEEKS = pa.schema(
    [
        ("campaign", pa.string()),
        ("campaign_week", pa.date32()),
        ("ledger_version", pa.int32()),
        ("as_of_date", pa.date32()),
        ("definition_hash", pa.string()),
        ("build_id", pa.string()),
        ("reason", pa.string()),
        ("matched", pa.int64()),
        ("included", pa.int64()),
    ]
)
SEALED = {"sealed_decisions": SEALED_DECISIONS, "sealed_touches": SEALED_TOUCHES}
"""Folders of ``loaded/control`` with one file per sealed campaign week, and one without rows."""
CHURN_TABLE = "churn_parameters"
CHURN_PARAMETERS = pa.schema(
    [
        ("version", pa.string()),
        ("fitted_on", pa.date32()),
        ("category_group", pa.string()),
        ("model", pa.string()),
        ("r", pa.float64()),
        ("alpha", pa.float64()),
        ("a", pa.float64()),
        ("b", pa.float64()),
        ("log_likelihood", pa.float64()),
        ("members", pa.int64()),
    ]
)
EXPERIMENT_RESULTS = pa.schema(
    [
        ("experiment", pa.string()),
        ("metric", pa.string()),
        ("segment", pa.string()),
        ("segment_value", pa.string()),
        ("arm", pa.string()),
        ("look_no", pa.int64()),
        ("members", pa.int64()),
        ("control_members", pa.int64()),
        ("arm_mean", pa.float64()),
        ("control_mean", pa.float64()),
        ("effect", pa.float64()),
        ("effect_lower", pa.float64()),
        ("effect_upper", pa.float64()),
        ("relative_effect", pa.float64()),
        ("relative_effect_lower", pa.float64()),
        ("relative_effect_upper", pa.float64()),
        ("p_value", pa.float64()),
        ("p_value_scale", pa.string()),
        ("p_value_adjusted", pa.float64()),
        ("is_adjusted", pa.bool_()),
        ("variance_reduction", pa.float64()),
        ("shrunk_effect", pa.float64()),
        ("shrunk_effect_lower", pa.float64()),
        ("shrunk_effect_upper", pa.float64()),
        ("lack", pa.string()),
        ("srm", pa.string()),
        ("srm_p_value", pa.float64()),
        ("verdict", pa.string()),
        ("guardrails", pa.string()),
        ("sentence_en", pa.string()),
        ("sentence_zh", pa.string()),
        ("net_total", pa.float64()),
        ("net_total_lower", pa.float64()),
        ("net_total_upper", pa.float64()),
        ("cost_total", pa.float64()),
        ("roi", pa.float64()),
        ("roi_lower", pa.float64()),
        ("roi_upper", pa.float64()),
        ("no_return", pa.string()),
    ]
)
EXPERIMENT_PLANS = pa.schema(
    [
        ("experiment", pa.string()),
        ("arm", pa.string()),
        ("weekly_members", pa.int64()),
        ("planned_members", pa.int64()),
        ("planned_control_members", pa.int64()),
        ("minimal_effect", pa.float64()),
        ("smallest_effect", pa.float64()),
        ("relative_smallest_effect", pa.float64()),
        ("power", pa.float64()),
        ("members_needed", pa.int64()),
        ("is_too_small", pa.bool_()),
        ("warning", pa.string()),
    ]
)
EXPERIMENT_DECISIONS = pa.schema(
    [
        ("experiment", pa.string()),
        ("arm", pa.string()),
        ("look_no", pa.int64()),
        ("verdict", pa.string()),
        ("effect", pa.float64()),
        ("effect_lower", pa.float64()),
        ("effect_upper", pa.float64()),
        ("p_value_adjusted", pa.float64()),
        ("sentence_en", pa.string()),
        ("sentence_zh", pa.string()),
        ("decided_on", pa.date32()),
        ("rule_hash", pa.string()),
    ]
)
EXPERIMENT_RULES = pa.schema(
    [
        ("experiment", pa.string()),
        ("rule_hash", pa.string()),
        ("registered_on", pa.date32()),
        ("planned_members", pa.int64()),
    ]
)

CHURN_COEFFICIENTS_TABLE = "churn_coefficients"
CHURN_COEFFICIENTS = pa.schema(
    [
        ("version", pa.string()),
        ("fitted_on", pa.date32()),
        ("horizon_days", pa.int64()),
        ("feature", pa.string()),
        ("mean", pa.float64()),
        ("deviation", pa.float64()),
        ("coefficient", pa.float64()),
    ]
)
CHURN_CARDS_TABLE = "churn_model_cards"
CHURN_CARDS = pa.schema(
    [
        ("version", pa.string()),
        ("fitted_on", pa.date32()),
        ("horizon_days", pa.int64()),
        ("intercept", pa.float64()),
        ("trained_rows", pa.int64()),
        ("trained_members", pa.int64()),
        ("trained_dates", pa.int64()),
        ("first_trained_on", pa.date32()),
        ("last_trained_on", pa.date32()),
        ("judged_rows", pa.int64()),
        ("first_judged_on", pa.date32()),
        ("last_judged_on", pa.date32()),
        ("champion", pa.string()),
        *(
            (f"{whose}{measure}", pa.float64())
            for whose in ("", "champion_", "base_")
            for measure in ("log_loss", "brier", "auc")
        ),
        ("required_gain_share", pa.float64()),
        ("is_promoted", pa.bool_()),
    ]
)
CHURN_RECALIBRATIONS_TABLE = "churn_recalibrations"
CHURN_RECALIBRATIONS = pa.schema(
    [
        ("version", pa.string()),
        ("calibrated_on", pa.date32()),
        ("horizon_days", pa.int64()),
        ("offset_logit", pa.float64()),
        ("slope", pa.float64()),
        ("first_matured_on", pa.date32()),
        ("last_matured_on", pa.date32()),
        ("matured_dates", pa.int64()),
        ("matured_rows", pa.int64()),
    ]
)
AMOUNT_TABLE = "amount_parameters"
AMOUNT_PARAMETERS = pa.schema(
    [
        ("version", pa.string()),
        ("fitted_on", pa.date32()),
        ("category_group", pa.string()),
        ("basis", pa.string()),
        ("p", pa.float64()),
        ("q", pa.float64()),
        ("gamma", pa.float64()),
        ("members", pa.int64()),
    ]
)
FITTED = {
    CHURN_TABLE: CHURN_PARAMETERS,
    AMOUNT_TABLE: AMOUNT_PARAMETERS,
    CHURN_COEFFICIENTS_TABLE: CHURN_COEFFICIENTS,
    CHURN_CARDS_TABLE: CHURN_CARDS,
    CHURN_RECALIBRATIONS_TABLE: CHURN_RECALIBRATIONS,
}
"""Tables that fits add to and nobody rewrites; the sources dbt knows by the tag ``fitted``."""


def write_control(home: Home, name: str, table: pa.Table) -> Path:
    """Replace the control table ``name``; readers see the former content or this one."""
    target = home.control / f"{name}.parquet"
    target.parent.mkdir(parents=True, exist_ok=True)
    with replacing(target) as prepared:
        pq.write_table(table, prepared)
    return target


def write_as_of_dates(home: Home, dates: Iterable[date]) -> Path:
    """Write the as-of dates asked for, each once, oldest first."""
    return write_control(
        home, "as_of_dates", pa.table({"as_of_date": sorted(set(dates))}, schema=AS_OF_DATES)
    )


def write_build(home: Home, build: Build) -> Path:
    """Write the one row that stamps everything of the build under way."""
    row = {
        "build_id": [build.build_id],
        "as_of_date": [build.as_of_date],
        "code_version": [build.code_version],
    }
    return write_control(home, "builds", pa.table(row, schema=BUILDS))


def build_under_way(home: Home) -> str | None:
    """Name of the build that the control tables are written for."""
    file = home.control / "builds.parquet"
    return pq.read_table(file)["build_id"][0].as_py() if file.exists() else None


def write_definition_hashes(home: Home, hashes: dict[str, str]) -> Path:
    """Write what each campaign is defined as, for the decisions of this build to carry."""
    columns = {"campaign": sorted(hashes), "definition_hash": [hashes[name] for name in sorted(hashes)]}
    return write_control(home, "definition_hashes", pa.table(columns, schema=DEFINITION_HASHES))


def provide_sealed_tables(home: Home) -> None:
    """Make the folders of what is sealed, each with an empty file, so that a first build can read them."""
    for name, schema in SEALED.items():
        write_control(home, f"{name}/empty", schema.empty_table())


def read_fitted(home: Home, name: str) -> pa.Table:
    """Everything a table of fits holds so far."""
    file = home.control / f"{name}.parquet"
    return pq.read_table(file) if file.exists() else FITTED[name].empty_table()


def add_fitted(home: Home, name: str, rows: Sequence[Mapping[str, object]]) -> None:
    """Append rows to a table of fits and keep every former row as it is."""
    added = pa.Table.from_pylist(list(rows), schema=FITTED[name])
    write_control(home, name, pa.concat_tables([read_fitted(home, name), added]))


def provide_fitted(home: Home) -> None:
    """Make the tables of fits, empty, where there are none yet: a first build must be able to read them."""
    for name, schema in FITTED.items():
        if not (home.control / f"{name}.parquet").exists():
            write_control(home, name, schema.empty_table())
