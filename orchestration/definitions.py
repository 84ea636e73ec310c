"""The graph, assembled.

Belongs here: putting assets, checks, jobs, schedules and resources together.
Does not: anything else.
"""

from __future__ import annotations

import os

from dagster import Definitions, in_process_executor

from orchestration.assets.churn_model import fits
from orchestration.assets.experiments import experiments_judged
from orchestration.assets.loading import loaded_tables, opened_build
from orchestration.assets.models import fitted_models, judged_models, warehouse_models
from orchestration.assets.publishing import audited_build, published_warehouse
from orchestration.assets.reporting import churn_report, experiment_readout
from orchestration.assets.sealing import proposed_audience, sealed_audience
from orchestration.checks.freshness import published_is_fresh
from orchestration.checks.tags import published_tags
from orchestration.dagster_home.instance import BATCHED_EVENTS, spare_the_disk
from orchestration.jobs import JOBS
from orchestration.progress import RELAY
from orchestration.resources import BuildLock, Business, Warehouse
from orchestration.schedules import every_hour, every_morning

for name, value in BATCHED_EVENTS.items():
    os.environ.setdefault(name, value)
spare_the_disk()

business = Business()

defs = Definitions(
    assets=[
        loaded_tables,
        opened_build,
        warehouse_models,
        fits,
        fitted_models,
        experiments_judged,
        judged_models,
        audited_build,
        published_warehouse,
        churn_report,
        experiment_readout,
        proposed_audience,
        sealed_audience,
    ],
    asset_checks=[published_is_fresh, published_tags],
    jobs=JOBS,
    schedules=[every_morning, every_hour],
    resources={
        "business": business,
        "lock": BuildLock(business=business),
        "warehouse": Warehouse(business=business),
        "progress": RELAY,
    },
    # One op at a time: dbt uses the cores itself, and every process more would import everything again.
    executor=in_process_executor,
)
