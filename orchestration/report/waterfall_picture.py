"""The waterfall of a week: from everyone who matched down to everyone who entered, as a static picture.

Belongs here: how the plot is drawn. The same counts give the same picture.
Does not: counting (dbt's aud_waterfall), labels of outcomes (the caller brings them).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import altair as alt
import vl_convert

from orchestration.core.summary import Label

WIDTH = 420


def waterfall_svg(members: Mapping[str, Mapping[str, int]], outcomes: Sequence[Label], title: str) -> str:
    """A bar per campaign, cut by what became of those who matched, as SVG.

    Args:
        members: Members per outcome, by campaign.
        outcomes: Every outcome but ``matched``, in the order to stack.
        title: Whose it is.
    """
    names = {label.code: f"{label.english} {label.chinese}" for label in outcomes}
    order = {code: place for place, code in enumerate(names)}
    parts = [
        {"campaign": campaign, "outcome": names[code], "place": order[code], "members": counts.get(code, 0)}
        for campaign, counts in members.items()
        for code in names
    ]
    chart = (
        alt.Chart(alt.InlineData(values=parts))
        .mark_bar()
        .encode(
            x=alt.X("members:Q", title="Members 会员"),
            y=alt.Y("campaign:N", title=None, sort=list(members)),
            color=alt.Color(
                "outcome:N",
                title=None,
                legend=alt.Legend(labelLimit=0),
                sort=list(names.values()),
                scale=alt.Scale(domain=list(names.values()), scheme="tableau20"),
            ),
            order=alt.Order("place:Q"),
        )
        .properties(title=title, width=WIDTH)
    )
    return vl_convert.vegalite_to_svg(chart.to_dict())
