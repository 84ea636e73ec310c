"""A small chain, simulated, loaded and built once per test session, and quick builds over other facts.

Belongs here: what several suites build on and what takes seconds to make.
Does not: expectations.

A *quick build* runs the SQL that dbt compiled for the real build, model by model, over another ``loaded``
folder or other as-of dates. It takes a second or two instead of dbt's twenty; that it makes the same tables
as dbt is itself tested (``tests/e2e/test_replay.py``).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from orchestration.core.purchase_models import Fit, Model, Parameters, ValueParameters
from orchestration.core.seasons import EVEN, PERIODS, Season
from orchestration.files import exact_path
from orchestration.fits.amount_parameters import add_amounts
from orchestration.fits.churn_parameters import add_version
from orchestration.fits.churn_seasons import keep_season
from orchestration.ledger.opening import provide_ledger, start_build, write_definition_hashes
from orchestration.loader.contracts import read_contracts
from orchestration.loader.loading import load
from orchestration.own_tables import add_rows, provide_own_tables, write_own_table
from orchestration.project import FORMER_FILE_NAME, STAGING_DIR, WORKING_FILE_NAME, Home
from orchestration.sources.sample import Lives, simulate
from orchestration.warehouse.builds import BUILD_COMMAND, Build, waiting_build
from orchestration.warehouse.connections import quoted
from orchestration.warehouse.dbt import invoke_dbt
from orchestration.warehouse.history import History, whole_history, write_as_of_dates
from orchestration.warehouse.told import attach_told, with_what_was_told
from tests.once import once

MEMBERS = 600
UNTIL = date(2025, 12, 28)
SUNDAYS = tuple(UNTIL - timedelta(weeks=weeks) for weeks in range(6, -1, -1))

# Compared between builds: one row per member and as-of date, and the cut points behind the scores.
STATES = (
    "member_activity",
    "member_churn_baseline",
    "member_expected_margin",
    "member_churn_features",
    "int_churn_model__scores",
    "member_churn_probability",
    "fct_churn_reason",
    "member_cycle",
    "member_lifecycle",
    "member_rfm",
    "fct_rfm_migration",
    "member_growth",
    "member_value_tier",
    "member_attributes",
    "fct_member_tag",
    "fct_tag_conflict",
    "fct_tag_coverage",
    "fct_category_lifecycle",
    "fct_churn_signal",
    "member_churn_warning",
    "fct_stock",
    "fct_rfm_cut_point",
    "fct_value_concentration",
)

# Two fits, so that the first as-of date has none before it; about what the sample's fast-moving goods give.
CHURN_FITS = {
    SUNDAYS[1]: {"all": Parameters(0.9, 20.0, 0.4, 3.0)},
    SUNDAYS[4]: {"all": Parameters(1.0, 22.0, 0.5, 3.1), "fast_moving": Parameters(1.3, 15.0, 0.3, 2.5)},
}

# The later one saw a year: members buy twice as fast in its middle as at its ends.
CHURN_SEASONS = {
    SUNDAYS[4]: Season(PERIODS * (paces := 1 + np.sin(np.pi * np.arange(1, 14) / 14)) / paces.sum())
}

# What purchases are worth, for the same fits; the later one knows margins as well.
AMOUNT_FITS = {
    SUNDAYS[1]: {("all", "net_amount"): (ValueParameters(6.0, 4.0, 60.0), 1)},
    SUNDAYS[4]: {
        ("all", "margin"): (ValueParameters(5.0, 3.5, 25.0), 1),
        ("all", "net_amount"): (ValueParameters(6.5, 4.2, 62.0), 1),
        ("fast_moving", "margin"): (ValueParameters(5.5, 3.0, 24.0), 1),
    },
}


# Versions of the trained model: the first is promoted at once, with the second the base has won back; the
# long horizon follows later. By feature its coefficient, mean and deviation; what is not named weighs
# nothing.
MODEL_FITS = [
    (SUNDAYS[2], 28, True, -0.4),
    (SUNDAYS[4], 28, False, -0.2),
    (SUNDAYS[5], 90, True, -1.1),
]
MODEL_COEFFICIENTS = {
    "base_logit": (0.9, -0.5, 1.5),
    "purchase_gap_log": (0.4, 2.5, 0.9),
    "own_gaps_this_long_share": (-0.3, 0.4, 0.3),
    "purchase_days_90d_log": (-0.2, 1.4, 0.6),
    "orders_log": (0.0, 2.8, 1.0),
    "average_order_log": (0.05, 4.0, 0.7),
    "tenure_log": (-0.1, 5.5, 0.8),
    "promo_orders_share": (0.2, 0.3, 0.2),
    "negative_events_90d_log": (0.1, 0.1, 0.3),
}
# Weights of base and version, each from its as-of date on: shift, of the base, of the version.
MODEL_BLENDS = [
    (SUNDAYS[2], SUNDAYS[2], 28, 0.0, 0.5, 0.5),
    (SUNDAYS[2], SUNDAYS[3], 28, 0.15, 0.1, 0.9),
    (SUNDAYS[4], SUNDAYS[4], 28, 0.1, 0.3, 0.6),
    (SUNDAYS[5], SUNDAYS[5], 90, 0.0, 0.5, 0.5),
    (SUNDAYS[5], SUNDAYS[6], 90, -0.05, 0.2, 0.9),
]


def keep_model_versions(home: Home) -> None:
    """Put the versions above into the home, as a fit would."""
    for fitted_on, horizon, is_promoted, intercept in MODEL_FITS:
        identity = {"version": f"logistic-{fitted_on}", "fitted_on": fitted_on, "horizon_days": horizon}
        evaluated_on = fitted_on - timedelta(days=horizon)
        add_rows(
            home,
            "churn_coefficients",
            [
                {**identity, "feature": name, "coefficient": weight, "mean": mean, "deviation": deviation}
                for name, (weight, mean, deviation) in MODEL_COEFFICIENTS.items()
            ],
        )
        measures = {"log_loss": 0.5, "brier": 0.2, "auc": 0.8}
        gain = 0.1 if is_promoted else -0.1
        card = {
            **identity,
            "intercept": intercept,
            "trained_rows": 10,
            "trained_members": 5,
            "trained_dates": 1,
            "first_trained_on": evaluated_on,
            "last_trained_on": evaluated_on,
            "learned_until_on": evaluated_on - timedelta(days=horizon),
            "evaluated_rows": 10,
            "first_evaluated_on": evaluated_on,
            "last_evaluated_on": evaluated_on,
            "champion": "base",
            **measures,
            **{f"base_{name}": 0.5 + gain for name in measures},
            "gain": gain,
            "gain_error": 0.01,
            "mean_gain": gain,
            "mean_gain_error": 0.01,
            "required_errors": 2.0,
            "is_promoted": is_promoted,
        }
        add_rows(home, "churn_model_cards", [card])
    rows = [
        {
            "version": f"logistic-{fitted_on}",
            "calibrated_on": calibrated_on,
            "horizon_days": horizon,
            "offset_logit": offset,
            "base_weight": base_weight,
            "model_weight": model_weight,
            "first_matured_on": calibrated_on - timedelta(days=horizon),
            "last_matured_on": calibrated_on - timedelta(days=horizon),
            "matured_dates": 1,
            "matured_rows": 10,
        }
        for fitted_on, calibrated_on, horizon, offset, base_weight, model_weight in MODEL_BLENDS
    ]
    add_rows(home, "churn_recalibrations", rows)


@dataclass(frozen=True)
class BuiltChain:
    """A loaded home and the build dbt made of it.

    Attributes:
        home: Its loaded folder holds one delivery of every table.
        truth: What the simulation planted.
        build: As-of dates ``SUNDAYS``.
    """

    home: Home
    truth: Path
    build: Build

    @cached_property
    def nodes(self) -> dict[str, dict[str, Any]]:
        """Models, seeds and data tests with their compiled SQL, by unique id."""
        manifest = json.loads((self.build.target_path / "manifest.json").read_text(encoding="utf-8"))
        return manifest["nodes"]

    @cached_property
    def data_tests(self) -> dict[str, dict[str, Any]]:
        """Every data test by name."""
        tests = [node for node in self.nodes.values() if node["resource_type"] == "test"]
        assert len({test["name"] for test in tests}) == len(tests), "two data tests have the same name"
        return {test["name"]: test for test in tests}

    @cached_property
    def models(self) -> list[dict[str, Any]]:
        """Models, each after those it reads."""
        waiting = {name: node for name, node in self.nodes.items() if node["resource_type"] == "model"}
        ordered: list[dict[str, Any]] = []
        while waiting:
            ready = [
                name
                for name, node in waiting.items()
                if not waiting.keys() & set(node["depends_on"]["nodes"])
            ]
            assert ready, "the models read each other in a circle"
            ordered += [waiting.pop(name) for name in sorted(ready)]
        return ordered

    def read_by(self, names: Collection[str]) -> list[dict[str, Any]]:
        """The models of these names and all that they read, each after those it reads."""
        needed = {model["unique_id"] for model in self.models if model["name"] in names}
        assert len(needed) == len(names), f"not all of these are models: {sorted(names)}"
        for model in reversed(self.models):
            if model["unique_id"] in needed:
                needed.update(model["depends_on"]["nodes"])
        return [model for model in self.models if model["unique_id"] in needed]

    def open(self) -> duckdb.DuckDBPyConnection:
        """dbt's file, read only."""
        connection = duckdb.connect(str(self.build.file), read_only=True)
        set_sources(connection, self.home, self.build.folder)
        return connection


def load_chain(home: Home) -> list[str]:
    """Load what was delivered; returns what the loader said."""
    said: list[str] = []
    load(home, read_contracts(STAGING_DIR, home), said.append)
    return said


def dbt_build(home: Home, dates: Iterable[date], run_id: str = "00000000") -> Build:
    """The build that gets published, with every data test; raises if any fails."""
    build = start_build(home, dates, run_id=run_id, code_version="tested")
    # Everything in one file, as an engineer's own: tests look at what readers do not get, too.
    (build.folder / WORKING_FILE_NAME).unlink()
    invoke_dbt(
        [*BUILD_COMMAND, "--write-json"], home=home, warehouse=build.file, target_path=build.target_path
    )
    return build


def set_sources(connection: duckdb.DuckDBPyConnection, home: Home, build: Path) -> None:
    """What the lock-down plugin does for dbt: tells the sources where their files are.

    Args:
        connection: Gets the variables.
        home: Its loaded files.
        build: Folder of a build, for what that is for.
    """
    connection.execute("set TimeZone = 'UTC'")
    for name, folder in {"loaded": home.loaded, "build": build}.items():
        connection.execute(f"set variable {name} = {quoted(exact_path(folder))}")


def quick_build(
    chain: BuiltChain,
    folder: Path,
    home: Home,
    dates: Iterable[date],
    *,
    threads: int = 2,
    changed: dict[str, tuple[str, str]] | None = None,
    deciding: date | None = None,
    keeping: Collection[str] = frozenset(),
    wanted: Collection[str] = (),
    history: History | None = None,
    former: Path | None = None,
) -> duckdb.DuckDBPyConnection:
    """Run the compiled models over the loaded files of a home.

    Args:
        chain: Whose compiled SQL and seeds to use.
        folder: Gets ``rekindle.duckdb``, after whose stem compiled SQL names the catalogue, and own tables.
        home: Whose loaded files to read.
        dates: As-of dates.
        threads: DuckDB's threads.
        changed: Faults to plant: by model, a text of its compiled SQL and what to put in its place.
        deciding: A campaign week to decide as if it had never been sealed.
        keeping: Campaigns that stay as they are sealed in that week.
        wanted: The models that are looked at: no others are built than these and what they read. Every model,
            where none is named.
        history: Which of the dates are computed and which are told; without it all are computed.
        former: Folder of the quick build that tells of the others.
    """
    dates = sorted(set(dates))
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "rekindle.duckdb"
    build = replace(chain.build, as_of_date=dates[-1], folder=folder, file=file)
    provide_own_tables(home)
    write_as_of_dates(build, history or whole_history(dates, build.build_id, "no version tells of it"))
    if former:
        (folder / FORMER_FILE_NAME).hardlink_to(former / "rekindle.duckdb")
    provide_ledger(home, build, until=build.as_of_date, before=deciding, keeping=keeping)
    write_definition_hashes(build)
    stamp = {"build_id": build.build_id, "as_of_date": build.as_of_date, "code_version": build.code_version}
    write_own_table(build, "builds", [stamp])
    connection = duckdb.connect(str(file), config={"threads": threads})
    set_sources(connection, home, folder)
    attach_told(connection, file)
    connection.execute("set preserve_insertion_order = false")
    connection.execute(f"attach '{chain.build.file}' as built (read_only)")
    for room in ("seeds", *sorted({model["schema"] for model in chain.models})):
        connection.execute(f"create schema {room}")
    for node in chain.nodes.values():
        if node["resource_type"] == "seed":
            connection.execute(f"create table seeds.{node['name']} as from built.seeds.{node['name']}")
    for model in chain.read_by(wanted) if wanted else chain.models:
        query = model["compiled_code"]
        if changed and model["name"] in changed:
            text, instead = changed[model["name"]]
            assert text in query, f"{model['name']} does not say: {text}"
            query = query.replace(text, instead)
        kind, columns = model["config"]["materialized"], list(model["columns"])
        if kind == "history":
            asked = (model["schema"], model["name"], query, columns, model["config"]["meta"])
            kind, query = "table", with_what_was_told(*asked)
        connection.execute(f"create {kind} {model['schema']}.{model['name']} as {query}")
    connection.execute("detach built")
    return connection


def same_facts(home: Home, root: Path) -> Home:
    """A home that shares the loaded files of another and has own tables of its own."""
    other = Home(root)
    other.loaded.mkdir(parents=True)
    for folder in home.loaded.iterdir():
        if folder == home.own_tables:
            shutil.copytree(folder, other.own_tables)
        else:
            (other.loaded / folder.name).symlink_to(folder)
    return other


def table_text(connection: duckdb.DuckDBPyConnection, query: str) -> str:
    """A query's rows as ordered text, every value spelled out: equal texts are equal tables."""
    cursor = connection.execute(f"from ({query}) order by all")
    header = [column[0] for column in cursor.description]
    rows = ["|".join("" if value is None else str(value) for value in row) for row in cursor.fetchall()]
    return "\n".join(["|".join(header), *rows, ""])


_kept: dict[str, BuiltChain] = {}


@pytest.fixture(scope="session")
def chain(tmp_path_factory: pytest.TempPathFactory) -> BuiltChain:
    """The chain of this run of the suite. Several suites import the fixture; all get the same one."""
    if "chain" not in _kept:
        root = once(tmp_path_factory, "chain", _make_chain)
        home = Home(root / "home")
        _kept["chain"] = BuiltChain(home, root / "truth", waiting_build(home))
    return _kept["chain"]


def _make_chain(root: Path) -> None:
    home = Home(root / "home")
    simulate(home.landing, root / "truth", Lives(MEMBERS, until=UNTIL))
    load_chain(home)
    for day, fits in CHURN_FITS.items():
        keep_season(home, day, CHURN_SEASONS.get(day, EVEN))
        add_version(home, day, {group: Fit(Model.MBG_NBD, at, -1.0, 1) for group, at in fits.items()})
    for day, found in AMOUNT_FITS.items():
        add_amounts(home, day, found)
    keep_model_versions(home)
    dbt_build(home, SUNDAYS)
