"""The reliability plot: what was said against what came, as a static picture.

Belongs here: how the plot is drawn. Nothing is fetched, and the same figures give the same picture.
Does not: reading figures (churn_figures).
"""

from __future__ import annotations

import altair as alt
import vl_convert

from orchestration.report.churn_figures import ChurnFigures

SIDE = 280
COLOURS = ["#7f7f7f", "#1f77b4", "#d62728", "#2ca02c"]


def reliability_svg(figures: ChurnFigures, title: str) -> str:
    """The plot as SVG: a panel per horizon, a line per method, points as large as they hold members.

    Args:
        figures: The backtest.
        title: Whose it is; stands above the panels.
    """
    methods = list(dict.fromkeys(f"{row['label_en']} {row['label_zh']}" for row in figures.reliability))
    horizons = dict.fromkeys(row["horizon_days"] for row in figures.reliability)
    panels = [_panel(figures, horizon, methods) for horizon in horizons]
    chart = alt.hconcat(*panels).properties(title=title).configure_view(stroke="#cccccc")
    return vl_convert.vegalite_to_svg(chart.to_dict())


def _panel(figures: ChurnFigures, horizon: int, methods: list[str]) -> alt.LayerChart:
    points = [
        {
            "method": f"{row['label_en']} {row['label_zh']}",
            **{name: round(float(row[name]), 6) for name in ("expected", "observed", "lowest", "highest")},
            "members": int(row["members"]),
        }
        for row in figures.reliability
        if row["horizon_days"] == horizon
    ]
    scale = alt.Scale(domain=[0, 1])
    colour = alt.Color(
        "method:N", title="Method 方法", sort=methods, scale=alt.Scale(domain=methods, range=COLOURS)
    )
    base = alt.Chart(alt.InlineData(values=points)).encode(
        x=alt.X("expected:Q", title="Mean probability given 给出的平均概率", scale=scale), color=colour
    )
    observed = alt.Y("observed:Q", title="Share that bought nothing 实际未购比例", scale=scale)
    right = (
        alt.Chart(alt.InlineData(values=[{"at": 0}, {"at": 1}]))
        .mark_line(strokeDash=[4, 4], color="#999999")
        .encode(x=alt.X("at:Q", scale=scale), y=alt.Y("at:Q", scale=scale))
    )
    bars = base.mark_rule(opacity=0.5).encode(y=alt.Y("lowest:Q", scale=scale), y2="highest:Q")
    lines = base.mark_line().encode(y=observed)
    dots = base.mark_circle(opacity=0.8).encode(
        y=observed, size=alt.Size("members:Q", legend=None, scale=alt.Scale(range=[20, 300]))
    )
    return alt.layer(right, bars, lines, dots).properties(
        width=SIDE, height=SIDE, title=f"{horizon} days 未来{horizon}天"
    )
