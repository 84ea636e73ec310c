"""The backtest as tables in Markdown.

Belongs here: columns, headings and order of the tables.
Does not: reading figures (churn_figures), the picture (churn_picture).
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from orchestration.core.summary import markdown_table, share
from orchestration.report.churn_figures import ChurnFigures

HEADINGS = [
    "method", "方法", "AUC", "log loss", "Brier", "ECE", "precision at the top", "warned",
    "precision of warnings", "recall of warnings",
]  # fmt: skip
LEAD_HEADINGS = ["days ahead 天数", "fell silent and stayed away", "warned before", "share", "mean lead days"]


def churn_page(figures: ChurnFigures) -> str:
    """All tables, one per population and horizon, and the lead time of warnings."""
    sections = [
        _section(population, horizon, list(rows))
        for (population, horizon), rows in groupby(
            figures.comparison,
            lambda row: (f"{row['population_en']} {row['population_zh']}", row["horizon_days"]),
        )
    ]
    lead = markdown_table(
        LEAD_HEADINGS,
        [
            (str(row["horizon_days"]), int(row["fallen"]), int(row["warned"]),
             share(int(row["warned"]), int(row["fallen"])), _shown(row["lead_days"], 1))
            for row in figures.lead
        ],
    )  # fmt: skip
    return "\n\n".join([*sections, f"**How early members were warned 预警提前天数**\n\n{lead}"]) + "\n"


def _section(population: str, horizon: int, rows: list[dict[str, Any]]) -> str:
    first, members = rows[0], _shown(rows[0]["members_mean"], 0)
    title = f"**{population}, no purchase in the next {horizon} days 未来{horizon}天未购**"
    dates = (
        f"{first['as_of_dates']} as-of dates from {first['first_as_of_date']} to {first['last_as_of_date']}, "
        f"{members} members on average, of whom {first['observed_share']:.1%} bought nothing."
    )
    return f"{title}\n\n{dates}\n\n{markdown_table(HEADINGS, _cells(rows))}"


def _cells(rows: Iterable[dict[str, Any]]) -> list[list[str]]:
    return [
        [
            row["label_en"],
            row["label_zh"],
            _shown(row["auc"], 3),
            _shown(row["log_loss"], 3),
            _shown(row["brier_score"], 3),
            _shown(row["ece"], 3),
            _percent(row["top_precision_share"]),
            _percent(row["warned_share"]),
            _percent(row["warning_precision_share"]),
            _percent(row["warning_recall_share"]),
        ]
        for row in rows
    ]


def _shown(value: Any, places: int) -> str:
    return "-" if value is None else f"{value:,.{places}f}"


def _percent(value: Any) -> str:
    return "-" if value is None else f"{value:.1%}"
