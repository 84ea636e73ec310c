"""Effects of experiments with their intervals, as a static picture.

Belongs here: how the plot is drawn. The same rows give the same picture.
Does not: reading or evaluating experiments (the caller brings rows).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import vl_convert

WIDTH = 420
# Every verdict of docs/experiments.md; a colour says which way it points, grey that it says nothing yet.
COLOURS = {
    "win": "#2ca02c",
    "loss": "#d62728",
    "guardrail_breached": "#d62728",
    "stopped_srm": "#d62728",
    "below_minimum": "#ff7f0e",
    "guardrail_unproven": "#ff7f0e",
    "no_difference": "#1f77b4",
    "inconclusive": "#1f77b4",
    "continue": "#7f7f7f",
    "too_small": "#7f7f7f",
    "not_matured": "#7f7f7f",
}


def effects_svg(rows: Sequence[Mapping[str, Any]], title: str) -> str | None:
    """A panel per metric, a line per experiment and arm: effect, interval, and where no effect would be.

    Args:
        rows: ``experiment``, ``arm``, ``metric_label``, ``effect``, ``lower``, ``upper``, ``verdict``.
        title: Whose it is.

    Returns:
        The picture as SVG; None where no row has an interval.
    """
    read = [row for row in rows if row["lower"] is not None and row["upper"] is not None]
    if not read:
        return None
    metrics = list(dict.fromkeys(row["metric_label"] for row in read))
    shown = [verdict for verdict in COLOURS if verdict in {row["verdict"] for row in read}]
    panels = [
        _panel([row for row in read if row["metric_label"] == metric], metric, shown) for metric in metrics
    ]
    chart = alt.vconcat(*panels).properties(title=title).configure_view(stroke="#cccccc")
    return vl_convert.vegalite_to_svg(chart.to_dict())


def _panel(rows: Sequence[Mapping[str, Any]], metric: str, verdicts: Sequence[str]) -> alt.LayerChart:
    lines = [
        {
            "arm": f"{row['experiment']}: {row['arm']}",
            **{name: round(float(row[name]), 6) for name in ("effect", "lower", "upper")},
            "verdict": row["verdict"],
        }
        for row in rows
    ]
    base = alt.Chart(alt.InlineData(values=lines)).encode(
        y=alt.Y("arm:N", title=None, sort=[line["arm"] for line in lines], axis=alt.Axis(labelLimit=320)),
        color=alt.Color(
            "verdict:N",
            title="Verdict 结论",
            scale=alt.Scale(domain=list(verdicts), range=[COLOURS[verdict] for verdict in verdicts]),
        ),
    )
    intervals = base.mark_rule(strokeWidth=2).encode(
        x=alt.X("lower:Q", title=f"Effect per member 每会员效应: {metric}"), x2="upper:Q"
    )
    effects = base.mark_point(filled=True, size=70).encode(x="effect:Q")
    nothing = (
        alt.Chart(alt.InlineData(values=[{"at": 0}]))
        .mark_rule(strokeDash=[4, 4], color="#999999")
        .encode(x="at:Q")
    )
    return alt.layer(nothing, intervals, effects).properties(width=WIDTH)
