"""What can be run: five jobs over the graph.

Belongs here: which assets a job covers, its tags.
Does not: when it runs (sensors), what an asset does (assets).
"""

from __future__ import annotations

from dagster import AssetSelection, define_asset_job

from orchestration.assets.loading import BUILD_INPUTS
from orchestration.dagster_home.instance import MAX_RUNTIME_SECONDS

TAGS = {
    "dagster/max_runtime": str(MAX_RUNTIME_SECONDS),
    # A run tried again makes its own build from the start: nobody knows how far a killed one came.
    "dagster/retry_strategy": "ALL_STEPS",
}

LOADING = AssetSelection.groups("sources") - AssetSelection.assets(*BUILD_INPUTS)
PUBLISHING = AssetSelection.assets(["publishing", "warehouse"], ["publishing", "churn_report"])
SEALING = AssetSelection.groups("ledger")
DAILY = AssetSelection.all() - SEALING
BUILDING = DAILY - LOADING - PUBLISHING

load = define_asset_job(
    "load",
    selection=LOADING,
    description="Validate new deliveries and write typed, pseudonymous Parquet.",
    tags=TAGS,
)
build = define_asset_job(
    "build",
    selection=BUILDING,
    description="Build, fit, score and audit the warehouse for an as-of date and the weeks before it.",
    tags=TAGS,
)
publish = define_asset_job(
    "publish",
    selection=PUBLISHING,
    description="Switch readers to the audited build of an as-of date.",
    tags=TAGS,
)
daily = define_asset_job(
    "daily",
    selection=DAILY,
    description="Load, build, fit what is due, score, audit and publish one as-of date.",
    tags=TAGS,
)
seal = define_asset_job(
    "seal",
    selection=SEALING,
    description="Check the audiences that the published version proposes for a week, and seal them.",
    tags=TAGS,
)

JOBS = [load, build, publish, daily, seal]
