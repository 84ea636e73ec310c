"""The graph, assembled.

Belongs here: putting assets, checks, jobs, sensors and resources together.
Does not: anything else.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from dagster import Definitions, in_process_executor

from orchestration.assets.churn_model import fits
from orchestration.assets.definition_files import definition_files
from orchestration.assets.experiments import experiment_evaluations
from orchestration.assets.loading import build_inputs, source_tables
from orchestration.assets.models import fitted_models, result_models, warehouse_models
from orchestration.assets.publishing import build_audit, warehouse_file
from orchestration.assets.reporting import churn_report, experiment_readout
from orchestration.assets.sealing import audience_proposals, ledger_audiences
from orchestration.checks.freshness import published_is_fresh
from orchestration.checks.tags import published_tags
from orchestration.dagster_home.instance import BATCHED_EVENTS, spare_the_disk
from orchestration.jobs import JOBS
from orchestration.progress import RELAY
from orchestration.resources import BuildLock, Clock, Warehouse, home_of_environment
from orchestration.sensors import campaign_weeks_to_seal, due_as_of_dates

for name, value in BATCHED_EVENTS.items():
    os.environ.setdefault(name, value)
spare_the_disk()


def build_defs(overrides: Mapping[str, object] | None = None) -> Definitions:
    """The graph, on the home named in the environment.

    Args:
        overrides: Resources to use in place of its own, such as another home or a clock that stands still.
    """
    given = overrides or {}
    home = given.get("home") or home_of_environment
    return Definitions(
        assets=[
            definition_files,
            source_tables,
            build_inputs,
            warehouse_models,
            fits,
            fitted_models,
            experiment_evaluations,
            result_models,
            build_audit,
            warehouse_file,
            churn_report,
            experiment_readout,
            audience_proposals,
            ledger_audiences,
        ],
        asset_checks=[published_is_fresh, published_tags],
        jobs=JOBS,
        sensors=[due_as_of_dates, campaign_weeks_to_seal],
        resources={
            "home": home,
            "clock": Clock(),
            "lock": BuildLock(home=home),
            "warehouse": Warehouse(home=home),
            "progress": RELAY,
            **given,
        },
        # One op at a time: dbt uses the cores itself, and every process more would import everything again.
        executor=in_process_executor,
    )


defs = build_defs()
