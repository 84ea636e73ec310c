"""A week laid out for people: every count has its words beside it."""

from orchestration.readers.audience_tables import journey_blocks, waterfall_blocks


def test_a_campaign_says_who_enters_and_why_the_others_do_not():
    counts = {"matched": 612, "global_holdout": 30, "no_consent": 481, "included": 101, "cooldown": 0}
    rows = [
        {"campaign": "second_order", "outcome": outcome, "members": members}
        for outcome, members in counts.items()
    ]
    [shown] = waterfall_blocks(rows)
    assert shown.splitlines() == [
        "  second_order: 101 of 612 matched enter 入选",
        "      30 Global holdout 全局留出 · 481 No consent for a channel it begins with 无触达授权",
    ]


def test_journeys_are_counted_in_words():
    rows = [
        {"campaign": "second_order", "state": "exited", "journeys": 1},
        {"campaign": "second_order", "state": "entered", "journeys": 1200},
    ]
    assert list(journey_blocks(rows)) == [
        "  second_order: 1,201 journeys 旅程\n      1,200 Entered 已进入 · 1 Left 已退出"
    ]
