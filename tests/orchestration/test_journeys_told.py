"""How `rekindle why` tells a member's journeys."""

from datetime import date

import pytest

from orchestration.cli.why import Language, told
from orchestration.readers.members import MemberRows

RUNNING = {
    "campaign": "light_silence_favourite_set", "entry_week": date(2025, 12, 8), "arm": "treated",
    "state": "waiting_for_cap", "exit_reason": None, "exited_on": None, "plan": None, "steps_sent": 1,
    "last_sent_on": date(2025, 12, 11), "next_step_no": 2, "next_due_on": date(2025, 12, 22),
}  # fmt: skip
RETURNED = RUNNING | {
    "campaign": "no longer defined", "state": "exited", "exit_reason": "returned",
    "exited_on": date(2025, 12, 12), "plan": "stable", "next_step_no": None, "next_due_on": None,
}  # fmt: skip
SILENT = RUNNING | {"steps_sent": 0, "last_sent_on": None, "next_step_no": None, "state": "entered"}


@pytest.mark.parametrize(
    ("row", "language", "lines"),
    [
        (
            RUNNING,
            Language.english,
            [
                "Journey: Light silence: the favourite set (light_silence_favourite_set, treated), "
                "entered 2025-12-08: Waiting for room under the caps; steps sent 1 (2025-12-11)",
                "    next step 2, due 2025-12-22",
            ],
        ),
        (
            RUNNING,
            Language.chinese,
            [
                "旅程: 轻度沉默：常点套餐 (light_silence_favourite_set, treated), "
                "进入 2025-12-08: 等待频控额度; 已发步骤 1 (2025-12-11)",
                "    下一步 2, 到期 2025-12-22",
            ],
        ),
        (
            RETURNED,
            Language.english,
            [
                "Journey: no longer defined (no longer defined, treated), entered 2025-12-08: Left; "
                "steps sent 1 (2025-12-11)",
                "    Returned with a purchase (2025-12-12); goes on to: stable",
            ],
        ),
        (
            SILENT,
            Language.english,
            [
                "Journey: Light silence: the favourite set (light_silence_favourite_set, treated), "
                "entered 2025-12-08: Entered; steps sent 0",
            ],
        ),
    ],
)
def test_a_journey_is_told_with_its_next_step_or_its_end_and_what_follows(row, language, lines):
    assert list(told(MemberRows(date(2025, 12, 21), {"journeys": [row]}, {}), language)) == lines


def test_who_has_no_journey_is_told_none():
    assert list(told(MemberRows(date(2025, 12, 21), {"journeys": []}, {}), Language.both)) == []
