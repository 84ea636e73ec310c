"""Sums of experiments equal plain Python over the same sealed entries and facts, also at every boundary."""

import re
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random

import duckdb
import pytest

from orchestration.core.experiments.declared import FACTS
from tests.built import set_sources

EXPERIMENT, CAMPAIGN = "medium_silence_tiered_coupon_test", "medium_silence_tiered_coupon"
WINDOW, BEFORE = 28, 56
WEEKS = [date(2025, 11, 17) + timedelta(weeks=week) for week in range(4)]
AS_OF = date(2025, 12, 28)
# Made of verdicts, not of facts.
EVALUATED = {"exp_program", "exp_proposals"}
# Filled by each test.
GIVEN = (
    *(
        f"core.{name}"
        for name in (
            "fct_order", "fct_refund", "fct_touch", "fct_ticket", "fct_coupon", "fct_event", "dim_member",
            "int_identity__members", "int_sealed_touches", "dim_as_of_date",
        )
    ),
    *(f"audiences.{name}" for name in ("aud_decisions", "aud_decisions__eligible")),
    "staging.stg_rekindle__sealed_decisions",
    "staging.stg_rekindle__sealed_weeks",
)  # fmt: skip


class Shop:
    """Sealed entries and facts by hand, with every table that experiments read."""

    def __init__(self, chain):
        self.connection, self.models = duckdb.connect(), chain.models
        self.connection.execute("attach ':memory:' as rekindle")
        self.connection.execute("use rekindle")
        set_sources(self.connection, chain.home, chain.build.folder)
        self.connection.execute(f"attach '{chain.build.file}' as built (read_only)")
        for schema in ("seeds", "staging", "core", "audiences", "experiments"):
            self.connection.execute(f"create schema rekindle.{schema}")
        for node in chain.nodes.values():
            if node["resource_type"] == "seed":
                name = node["name"]
                self.connection.execute(f"create table rekindle.seeds.{name} as from built.seeds.{name}")
        for table in GIVEN:
            self.connection.execute(f"create table rekindle.{table} as from built.{table} limit 0")
        builds = "staging.stg_rekindle__builds"
        self.connection.execute(f"create table rekindle.{builds} as from built.{builds}")
        self.as_of(AS_OF)
        for model in chain.models:
            if model["schema"] == "experiments" and model["name"] not in EVALUATED:
                code = model["compiled_code"]
                self.connection.execute(f"create view rekindle.experiments.{model['name']} as {code}")
        self.connection.execute("begin")

    def as_of(self, day):
        self.connection.execute("update rekindle.staging.stg_rekindle__builds set as_of_date = ?", [day])

    def add(self, table, rows):
        """Rows as dictionaries; columns not named stay empty."""
        for row in rows:
            marks = ", ".join("?" for _ in row)
            self.connection.execute(
                f"insert into rekindle.{table} ({', '.join(row)}) values ({marks})", list(row.values())
            )

    def enters(self, member, week, arm="treated", campaign=CAMPAIGN, **segments):
        role = "control" if arm == "control" else "treatment"
        entry = {"campaign": campaign, "campaign_week": week, "member_key": member, "is_included": True}
        entry |= {"arm": arm, "arm_role": role, "propensity": Decimal("0.5"), "stage": "silent"}
        self.add("staging.stg_rekindle__sealed_decisions", [entry | segments])
        self.is_record_of(member, member)

    def is_record_of(self, record, member):
        table = "rekindle.core.int_identity__members"
        self.connection.execute(f"delete from {table} where record_key = ?", [record])
        self.add("core.int_identity__members", [{"record_key": record, "member_key": member}])

    def buys(self, member, day, *, promo=False, net="50.00", margin="20.00"):
        order = {"member_key": member, "ordered_on": day, "is_purchase": True, "is_promo": promo}
        order |= {"net_amount": Decimal(net), "margin_amount": margin and Decimal(margin)}
        self.add("core.fct_order", [order])

    def outcome(self, member, metric, column="outcome_value", purpose="effect"):
        """One value of one member; None where there is no row."""
        found = self.connection.execute(
            f"select {column} from rekindle.experiments.exp_outcomes "
            "where member_key = ? and metric = ? and purpose = ?",
            [member, metric, purpose],
        ).fetchall()
        assert len(found) <= 1
        return found[0][0] if found else None


@pytest.fixture(scope="module")
def built_shop(chain):
    shop = Shop(chain)
    yield shop
    shop.connection.close()


@pytest.fixture
def shop(built_shop):
    """The shop without what the last test put into it."""
    yield built_shop
    built_shop.connection.execute("rollback")
    built_shop.connection.execute("begin")


@pytest.mark.parametrize(("days_after_end", "is_read"), [(-1, False), (0, True), (1, True)])
def test_a_member_is_read_once_the_last_day_of_the_window_is_in_the_build(shop, days_after_end, is_read):
    shop.enters(1, WEEKS[0])
    shop.as_of(WEEKS[0] + timedelta(days=WINDOW - 1 + days_after_end))
    assert (shop.outcome(1, "margin") is not None) == is_read


@pytest.mark.parametrize(
    ("day", "outcome", "before"),
    [
        (-BEFORE - 1, 0, 0), (-BEFORE, 0, 1), (-1, 0, 1), (0, 1, 0), (WINDOW - 1, 1, 0), (WINDOW, 0, 0),
    ],
)  # fmt: skip
def test_a_day_counts_in_the_window_or_before_it_or_not_at_all(shop, day, outcome, before):
    shop.enters(1, WEEKS[0])
    shop.buys(1, WEEKS[0] + timedelta(days=day))
    assert shop.outcome(1, "repurchased") == outcome
    assert shop.outcome(1, "repurchased", "pre_period_value") == before
    assert shop.outcome(1, "margin") == 20 * outcome


@pytest.mark.parametrize("day", [59, 60])
@pytest.mark.parametrize(("is_over", "read_after"), [(False, 58), (True, 59)])
def test_the_same_fact_counts_in_longer_windows_and_is_read_when_they_are_over(
    shop, day, is_over, read_after
):
    shop.enters(1, WEEKS[0])
    shop.buys(1, WEEKS[0] + timedelta(days=day))
    shop.as_of(WEEKS[0] + timedelta(days=read_after))
    assert shop.outcome(1, "repurchased") == 0
    assert shop.outcome(1, "repurchased_60_days") == ((day < 60) if is_over else None)
    assert shop.outcome(1, "margin_60_days") == (20 * (day < 60) if is_over else None)
    shop.as_of(WEEKS[0] + timedelta(days=89))
    assert shop.outcome(1, "repurchased_90_days") == 1


def test_every_fact_that_a_metric_may_count_is_counted_and_no_other(shop):
    [model] = [each for each in shop.models if each["name"] == "exp_outcomes__facts"]
    assert set(re.findall(r"'(\w+)' as metric", model["compiled_code"])) == set(FACTS)


def test_a_member_counts_once_from_the_first_entry_in_the_arm_drawn_then(shop):
    shop.enters(1, WEEKS[0], "control", stage="silent")
    shop.enters(1, WEEKS[1], "treated", stage="churned")
    assert shop.connection.execute(
        "select arm, campaign_week, stage from rekindle.experiments.exp_assignments__first"
    ).fetchall() == [("control", WEEKS[0], "silent")]


def test_who_was_dropped_is_in_no_arm(shop):
    dropped = {"campaign": CAMPAIGN, "campaign_week": WEEKS[0], "member_key": 1, "is_included": False}
    shop.add("staging.stg_rekindle__sealed_decisions", [dropped])
    assert shop.connection.execute("from rekindle.experiments.exp_assignments__first").fetchall() == []


def test_who_is_in_two_arms_since_a_merge_is_counted_and_not_read(shop):
    shop.enters(1, WEEKS[0], "control")
    shop.enters(2, WEEKS[1], "treated")
    shop.enters(3, WEEKS[0], "treated")

    def read():
        return shop.connection.execute(
            "select distinct member_key from rekindle.experiments.exp_outcomes "
            f"where experiment = '{EXPERIMENT}' order by all"
        ).fetchall(), shop.connection.execute(
            "select arm, members, members_in_two_arms from rekindle.experiments.exp_arm_sizes "
            f"where experiment = '{EXPERIMENT}' order by all"
        ).fetchall()

    assert read() == ([(1,), (2,), (3,)], [("control", 1, 0), ("treated", 2, 0)])
    shop.is_record_of(2, 1)
    assert read() == ([(3,)], [("control", 0, 1), ("treated", 1, 0)])


def test_who_did_nothing_counts_as_nothing_contacted_or_not(shop):
    shop.enters(1, WEEKS[0], "control")
    shop.enters(2, WEEKS[0], "treated")
    assert [shop.outcome(member, "margin") for member in (1, 2)] == [0, 0]
    assert shop.outcome(1, "redeemed", "pre_period_value") is None
    assert shop.outcome(1, "returned", "denominator_value") is None


def test_a_message_opened_is_no_return_for_no_control_could_open_one(shop):
    shop.enters(1, WEEKS[0])
    touch = {"member_key": 1, "sent_on": WEEKS[0], "opened_on": WEEKS[0], "engaged_on": WEEKS[0]}
    shop.add("core.fct_touch", [touch | {"unsubscribed_on": WEEKS[0]}])
    assert shop.outcome(1, "returned") == 0
    assert shop.outcome(1, "unsubscribed") == 1


def test_margin_is_before_a_coupon_and_contacts_and_both_are_the_cost(shop):
    """A touch on WeChat at 0.01 with content, one with points of 2.00, a coupon of 10.00 redeemed."""
    shop.enters(1, WEEKS[0])
    touch = {"campaign": CAMPAIGN, "member_key": 1, "channel": "wechat", "status": "planned"}
    shop.add(
        "core.int_sealed_touches",
        [
            touch | {"planned_on": WEEKS[0], "benefit": "content"},
            touch | {"planned_on": WEEKS[0] + timedelta(days=7), "benefit": "points_200"},
            touch | {"planned_on": WEEKS[0] + timedelta(days=8), "benefit": "tiered_coupon"},
            touch | {"planned_on": WEEKS[0] + timedelta(days=9), "benefit": "points_200", "status": "capped"},
            touch | {"planned_on": WEEKS[0] + timedelta(days=WINDOW), "benefit": "points_200"},
        ],
    )
    coupon = {"member_key": 1, "redeemed_on": WEEKS[0] + timedelta(days=10), "face_amount": Decimal("10.00")}
    shop.add("core.fct_coupon", [coupon | {"campaign_code": CAMPAIGN}, coupon | {"campaign_code": "other"}])
    shop.buys(1, WEEKS[0] + timedelta(days=10), promo=True, net="40.00", margin="15.00")
    assert shop.outcome(1, "margin") == Decimal("25.0000")
    assert shop.outcome(1, "margin", "denominator_value") == Decimal("12.0300")
    assert shop.outcome(1, "redeemed") == 1
    assert shop.outcome(1, "repurchased_full_price") == 0


def test_a_look_reads_the_weeks_declared_for_it_and_nobody_later(shop):
    for member, week in enumerate(WEEKS):
        shop.enters(member, week)
    shop.as_of(WEEKS[3] + timedelta(days=WINDOW - 2))
    looks = dict(
        shop.connection.execute(
            "select look_no, members from rekindle.experiments.exp_arm_stats "
            "where purpose = 'effect' and metric = 'margin' and segment = 'all'"
        ).fetchall()
    )
    assert looks == {0: 3, 1: 2}


def test_the_program_is_everybody_against_those_held_out_since_the_first_sealed_week(shop):
    shop.add("core.dim_member", [{"member_key": member} for member in range(200)])
    shop.add("staging.stg_rekindle__sealed_weeks", [{"campaign": CAMPAIGN, "campaign_week": WEEKS[1]}])
    for member in range(200):
        shop.buys(member, WEEKS[1] - timedelta(days=1))
        shop.buys(member, WEEKS[1])
    arms = shop.connection.execute(
        "select arm, members, sum_y / members, sum_x / members from rekindle.experiments.exp_arm_stats "
        "where purpose = 'program' order by arm"
    ).fetchall()
    assert [(arm, float(after), float(before)) for arm, _, after, before in arms] == [
        ("held_out", 20, 20),
        ("program", 20, 20),
    ]
    assert sum(members for _, members, *_ in arms) == 200
    assert 1 <= arms[0][1] <= 25


def test_those_who_matched_a_window_ago_are_the_baseline_over_the_window_since(shop):
    matched_on = AS_OF - timedelta(days=WINDOW)
    shop.add("core.dim_as_of_date", [{"as_of_date": matched_on}, {"as_of_date": AS_OF}])
    for member, day in ((1, matched_on), (2, AS_OF)):
        shop.add(
            "audiences.aud_decisions__eligible",
            [{"campaign": CAMPAIGN, "as_of_date": day, "member_key": member}],
        )
    for member in (1, 2):
        shop.buys(member, matched_on + timedelta(days=1))
        shop.buys(member, matched_on)
    assert shop.outcome(1, "margin", purpose="baseline") == 20
    assert shop.outcome(1, "margin", "pre_period_value", purpose="baseline") == 20
    assert shop.outcome(2, "margin", purpose="baseline") is None


def test_squares_of_large_amounts_are_exact(shop):
    for member in (1, 2):
        shop.enters(member, WEEKS[0])
        shop.buys(member, WEEKS[0], net="99999999.99", margin="99999999.99")
    [squares] = shop.connection.execute(
        "select sum_yy from rekindle.experiments.exp_arm_stats "
        "where purpose = 'effect' and metric = 'net_amount' and segment = 'all' and look_no = 0"
    ).fetchone()
    assert squares == 2 * Decimal("99999999.99") ** 2


def test_cubes_are_of_what_is_left_after_the_cost_and_exact_for_large_amounts(shop):
    touch = {"campaign": CAMPAIGN, "channel": "wechat", "status": "planned", "planned_on": WEEKS[0]}
    for member in (1, 2):
        shop.enters(member, WEEKS[0])
        shop.buys(member, WEEKS[0], net="99999999.99", margin="99999999.99")
        shop.add("core.int_sealed_touches", [touch | {"member_key": member, "benefit": "content"}])
    [cubes] = shop.connection.execute(
        "select sum_nnn from rekindle.experiments.exp_arm_stats "
        "where purpose = 'effect' and metric = 'margin' and segment = 'all' and look_no = 0"
    ).fetchone()
    assert Fraction(cubes) == 2 * Fraction("99999999.98") ** 3


def test_sums_of_random_histories_are_those_of_plain_python(shop):
    draw = Random(11)
    entries, orders = {}, defaultdict(list)
    for member in range(60):
        week = draw.choice(WEEKS)
        arm, stage = draw.choice(["control", "treated"]), draw.choice(["silent", "churned", None])
        entries[member] = (week, arm, stage)
        shop.enters(member, week, arm, stage=stage)
        for _ in range(draw.randrange(5)):
            day = week + timedelta(days=draw.randrange(-BEFORE - 3, WINDOW + 3))
            net = Decimal(draw.randrange(100, 20_000)) / 100
            margin = None if draw.random() < 0.1 else (net / 3).quantize(Decimal("0.01"))
            promo = draw.random() < 0.4
            orders[member].append((day, net, margin, promo))
            shop.buys(member, day, promo=promo, net=str(net), margin=margin and str(margin))

    expected = defaultdict(lambda: defaultdict(Decimal))
    for member, (week, arm, stage) in entries.items():
        if week + timedelta(days=WINDOW - 1) > AS_OF:
            continue
        inside = [order for order in orders[member] if week <= order[0] < week + timedelta(days=WINDOW)]
        before = [order for order in orders[member] if week - timedelta(days=BEFORE) <= order[0] < week]
        for metric in ("margin", "net_amount", "orders", "repurchased", "repurchased_full_price"):
            y, x = _told(metric, inside), _told(metric, before)
            for segment in (("all", "all"), ("stage", stage or "none")):
                sums = expected[(metric, *segment, arm)]
                for name, value in {"members": 1, "sum_y": y, "sum_x": x, "sum_yy": y * y}.items():
                    sums[name] += value
                products = {"sum_xx": x * x, "sum_xy": x * y}
                products |= {"sum_nnn": y**3, "sum_nnx": y * y * x, "sum_nxx": y * x * x, "sum_xxx": x**3}
                for name, value in products.items():
                    sums[name] += value
        ratio = expected[("net_amount_per_order", "all", "all", arm)]
        y, d = _told("net_amount", inside), _told("orders", inside)
        for name, value in {"members": 1, "sum_y": y, "sum_d": d, "sum_dy": d * y, "sum_dd": d * d}.items():
            ratio[name] += value

    columns = ["members", "sum_y", "sum_x", "sum_yy", "sum_xx", "sum_xy", "sum_d", "sum_dy", "sum_dd"]
    columns += ["sum_nnn", "sum_nnx", "sum_nxx", "sum_xxx"]
    found = {
        tuple(key): dict(zip(columns, sums, strict=True))
        for *key, sums in (
            (*row[:4], row[4:])
            for row in shop.connection.execute(
                f"select metric, segment, segment_value, arm, {', '.join(columns)} "
                "from rekindle.experiments.exp_arm_stats where look_no = 0 and purpose = 'effect'"
            ).fetchall()
        )
    }
    assert len(expected) > 30
    for key, sums in expected.items():
        assert {name: found[key][name] for name in sums} == dict(sums), key


def _told(metric, orders):
    """One member's number."""
    if metric == "margin":
        return sum((margin or Decimal(0) for _, _, margin, _ in orders), Decimal(0))
    if metric == "net_amount":
        return sum((net for _, net, _, _ in orders), Decimal(0))
    if metric == "orders":
        return Decimal(len(orders))
    return Decimal(any(not (promo and metric == "repurchased_full_price") for *_, promo in orders))
