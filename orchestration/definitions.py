"""The graph, assembled.

Belongs here: putting assets, checks, jobs, schedules and resources together.
Does not: anything else.
"""

from __future__ import annotations

import os

from dagster import Definitions, in_process_executor

from orchestration.assets.churn_model import fits
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
from orchestration.resources import BuildLock, Warehouse, home_of_environment
from orchestration.schedules import every_hour, every_morning

for name, value in BATCHED_EVENTS.items():
    os.environ.setdefault(name, value)
spare_the_disk()

defs = Definitions(
    assets=[
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
    schedules=[every_morning, every_hour],
    resources={
        "home": home_of_environment,
        "lock": BuildLock(home=home_of_environment),
        "warehouse": Warehouse(home=home_of_environment),
        "progress": RELAY,
    },
    # One op at a time: dbt uses the cores itself, and every process more would import everything again.
    executor=in_process_executor,
)
