"""Preferences agree with a slow count of what each member bought in the 365 days before each as-of date."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest

from orchestration.definitions_files.tags import read_definitions
from tests.built import SUNDAYS
from tests.e2e.oracle import business_day, loaded_rows, seed

NAMES = {
    "daypart": "preferred_daypart",
    "category": "preferred_category",
    "brand": "preferred_brand",
    "pack_size": "usual_pack_size",
}


def daypart_of(moment):
    """The daypart of a loaded time; none at midnight to the second."""
    if f"{moment:%H:%M:%S}" == "00:00:00":
        return None
    for row in seed("metrics/dayparts.csv"):
        hour = int(row["from_hour"])
        while hour != int(row["to_hour"]):
            if hour == moment.hour:
                return row["daypart"]
            hour = (hour + 1) % 24
    raise AssertionError(f"no daypart has the hour {moment.hour}")


@pytest.fixture(scope="module")
def choices(chain):
    """What each member chose, when and for how much: (member, preference) -> [(day, choice, amount)]."""
    with chain.open() as connection:
        records = connection.execute(
            "select system, member_id, member_key from core.int_identity__members where source = 'chain'"
        ).fetchall()
    keys = {(system, number): key for system, number, key in records}
    products = {row["product_id"]: row for row in loaded_rows(chain.home, "products")}
    made, buyers = defaultdict(list), {}
    for row in loaded_rows(chain.home, "orders"):
        key = keys.get((row["system"], row["member_id"]))
        if key is None or row["status"] != "completed" or row["net_amount"] <= 0:
            continue
        day = business_day(row["ordered_at"])
        buyers[row["order_id"]] = key, day
        if daypart := daypart_of(row["ordered_at"]):
            made[key, "daypart"].append((day, daypart, row["net_amount"]))
    for row in loaded_rows(chain.home, "order_items"):
        product = products.get(row["product_id"])
        if row["order_id"] in buyers and product:
            key, day = buyers[row["order_id"]]
            for preference in ("category", "brand", "pack_size"):
                if product[preference]:
                    made[key, preference].append((day, product[preference], row["net_amount"]))
    return made


def preferred(made, preference, day):
    """The choice of a year, if it is made often enough."""
    times, amounts = Counter(), Counter()
    for chosen_on, choice, amount in made.get(preference, []):
        if day - timedelta(days=365) < chosen_on <= day:
            times[choice] += 1
            amounts[choice] += amount
    if not times:
        return None
    [limits] = [row for row in seed("tags/preferences.csv") if row["preference"] == preference]
    first = min(times, key=lambda choice: (-times[choice], -amounts[choice], choice))
    share = (Decimal(times[first]) / times.total()).quantize(Decimal("0.000001"), ROUND_HALF_UP)
    enough = times[first] >= int(limits["least_choices"]) and share >= Decimal(limits["least_share"])
    return first if enough else None


def test_preferences_agree_with_a_slow_count(chain, choices):
    with chain.open() as connection:
        found = connection.execute(
            f"select member_key, as_of_date, {', '.join(NAMES.values())} from marts.member_preference"
        ).fetchall()
    by_member = defaultdict(dict)
    for (key, preference), made in choices.items():
        by_member[key][preference] = made

    expected = [
        (key, day, *(preferred(by_member[key], preference, day) for preference in NAMES))
        for key, day, *_ in found
    ]

    assert sorted(map(str, found)) == sorted(map(str, expected))
    assert {day for _, day, *_ in found} == set(SUNDAYS)
    for place in range(2, 6):
        assert 0 < sum(row[place] is not None for row in found) < len(found)


def test_rules_may_ask_for_every_daypart_there_is():
    [row] = [row for row in read_definitions().attributes if row["attribute"] == "preferred_daypart"]

    assert row["allowed_values"].split("|") == [row["daypart"] for row in seed("metrics/dayparts.csv")]
