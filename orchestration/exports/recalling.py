"""Which exported touches are not to be sent any more, since their reason ended before their day.

Belongs here: what a recall holds and which touches it names.
Does not: whether a reason ended (``audience.py``), writing (``writing.py``).

A recall names touches by the identifier they were exported under, and nobody's contact details: the sending
tool knows whose they are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from typing import Any

import pyarrow as pa

from orchestration.exports.audience import reason_against

RECALL = "recalled."
"""What the name of a recall's folder begins with."""
RECALL_CSV, RECALL_PARQUET = "recalled.csv", "recalled.parquet"
RECALL_SCHEMA = pa.schema(
    [
        ("planned_touch_id", pa.string()),
        ("campaign", pa.string()),
        ("step_no", pa.int32()),
        ("planned_on", pa.date32()),
        ("channel", pa.string()),
        ("reason", pa.string()),
    ]
)


def recalled(
    touches: Iterable[dict[str, Any]], exported: Collection[str], before: Collection[str], as_of: date
) -> list[dict[str, Any]]:
    """The touches of one file that are taken back, in their order.

    Args:
        touches: What is published of them, with what speaks against each.
        exported: Touches of earlier exports.
        before: Touches of earlier recalls.
        as_of: The published day: what was planned for it or earlier has been sent.
    """
    return [
        {name: touch.get(name) for name in RECALL_SCHEMA.names} | {"reason": reason}
        for touch in touches
        if touch["planned_touch_id"] in exported
        and touch["planned_touch_id"] not in before
        and touch["planned_on"] > as_of
        and (reason := reason_against(touch))
    ]
