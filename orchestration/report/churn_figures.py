"""What the backtest of the churn scores found, read from a published version: aggregates only.

Belongs here: which rows of which marts a report shows, with their labels.
Does not: computing any of it (dbt does), laying it out (churn_page), drawing it (churn_picture).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from orchestration.core.errors import RekindleError
from orchestration.warehouse.connections import connect_read_only

_COMPARISON = """
    select comparison.*, method.label_en, method.label_zh, population.label_en as population_en,
        population.label_zh as population_zh
    from marts.fct_churn_comparison as comparison
    inner join seeds.churn_methods as method using (method)
    inner join seeds.churn_populations as population using (population)
    order by population.population_order, comparison.horizon_days, method.method_order
"""
# The interval is the mean of single dates': the same members stand in every week, so a pooled one would be
# too short.
_RELIABILITY = """
    select calibration.horizon_days, calibration.method, method.label_en, method.label_zh,
        calibration.calibration_bin, sum(calibration.members) as members,
        sum(expected_non_buyers) / sum(members) as expected, sum(non_buyers) / sum(members) as observed,
        sum(lowest_share * members) / sum(members) as lowest,
        sum(highest_share * members) / sum(members) as highest
    from marts.fct_churn_calibration as calibration
    inner join seeds.churn_methods as method using (method)
    inner join (
        select distinct horizon_days, first_as_of_date from marts.fct_churn_comparison
        where population = 'all'
    ) as compared on calibration.horizon_days = compared.horizon_days
        and calibration.as_of_date >= compared.first_as_of_date
    where calibration.population = 'all'
    group by all
    order by 1, min(method.method_order), 5
"""
_LEAD = """
    select horizon_days, sum(fallen_members) as fallen, sum(warned_members) as warned,
        sum(lead_days_total) / nullif(sum(warned_members), 0) as lead_days
    from marts.fct_churn_lead_time
    group by horizon_days
    order by horizon_days
"""


class NothingToReport(RekindleError):
    """The published version holds no backtest."""


@dataclass(frozen=True)
class ChurnFigures:
    """The backtest of one published version.

    Attributes:
        as_of_date: Newest as-of date of the version.
        comparison: One row per population, horizon and method, in the order to show.
        reliability: One row per horizon, method and bin of probabilities.
        lead: One row per horizon.
    """

    as_of_date: date
    comparison: list[dict[str, Any]]
    reliability: list[dict[str, Any]]
    lead: list[dict[str, Any]]


def read_figures(published: Path) -> ChurnFigures:
    """The figures of a published version.

    Raises:
        NothingToReport: No score of it has matured, or nobody was scored.
    """
    with connect_read_only(published) as connection:

        def rows(query: str) -> list[dict[str, Any]]:
            cursor = connection.execute(query)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

        tables = {row["table_name"] for row in rows("select table_name from information_schema.tables")}
        comparison = rows(_COMPARISON) if "fct_churn_comparison" in tables else []
        if not comparison:
            raise NothingToReport(
                f"{published} holds no backtest: a score is evaluated once its horizon is over, so "
                "as-of dates that far back are needed.\nType: rekindle run (--weeks says how many Sundays)"
            )
        [newest] = rows("select max(as_of_date) as day from staging.stg_rekindle__builds")
        return ChurnFigures(newest["day"], comparison, rows(_RELIABILITY), rows(_LEAD))
