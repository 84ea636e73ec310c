"""The backtest in SQL equals a slow second opinion over the members themselves, whatever they are."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import linregress, mannwhitneyu

from orchestration.warehouse.told import attach_told
from tests.e2e.oracle import seed, setting_values

NEWEST = date(2025, 12, 28)
HORIZONS = (28, 90)
# Methods that give a probability, and how its columns begin.
GIVEN = {"champion": "", "base": "base_", "model": "model_"}
SEEDS = (
    "stages",
    "churn_levels",
    "churn_methods",
    "churn_populations",
    "calibration_bins",
    "churn_settings",
)
READ = {
    "core.dim_as_of_date",
    "marts.member_churn_probability",
    "marts.member_lifecycle",
    "marts.member_cycle",
    "marts.member_rfm",
    "marts.member_churn_warning",
    "marts.fct_churn_signal",
    "intermediate.int_next_purchases",
}
EVALUATED = (
    "intermediate.int_backtest__histograms",
    "marts.fct_churn_calibration",
    "marts.fct_churn_backtest",
    "marts.fct_churn_bias",
)
LEVELS = {row["churn_level"]: int(row["level_order"]) for row in seed("churn/churn_levels.csv")}
METHODS = {row["method"]: row for row in seed("churn/churn_methods.csv")}
ACTIVE = {row["stage"] for row in seed("lifecycle/stages.csv") if row["is_active"] == "true"}
EDGES = sorted(Decimal(row["from_probability"]) for row in seed("churn/calibration_bins.csv"))
RULES = setting_values("churn/churn_settings.csv")


@pytest.fixture(scope="module")
def backtest(chain):
    """The models as dbt compiled them over empty tables: views, so each example is one query."""
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as rekindle")
        connection.execute("use rekindle")
        for room in ("seeds", "core", "intermediate", "marts"):
            connection.execute(f"create schema {room}")
        connection.execute(f"attach '{chain.build.file}' as built (read_only)")
        for name in SEEDS:
            connection.execute(f"create table seeds.{name} as from built.seeds.{name}")
        for name in READ:
            connection.execute(f"create table {name} as from built.{name} limit 0")
        attach_told(connection, Path("nothing.duckdb"))
        compiled = {model["name"]: model["compiled_code"] for model in chain.models}
        for name in EVALUATED:
            connection.execute(f"create view {name} as {compiled[name.split('.')[1]]}")
        connection.execute("detach built")
        yield connection


probability = st.one_of(
    st.sampled_from(["0", "1", "0.1", "0.0995", "0.5", "0.999999"]).map(Decimal),
    st.integers(0, 10**6).map(lambda millionths: Decimal(millionths) / 10**6),
)
member = st.fixed_dictionaries(
    {
        "next": st.one_of(st.none(), st.sampled_from([1, 27, 28, 29, 89, 90, 91])),
        "stage": st.sampled_from(["stable", "occasional", "silent", "churned"]),
        "level": st.one_of(st.none(), st.sampled_from(sorted(LEVELS))),
        "fired": st.lists(st.sampled_from(sorted(LEVELS.values())), max_size=3),
        "overdue": st.integers(0, 4000).map(lambda thousandths: Decimal(thousandths) / 1000),
        "rfm": st.one_of(st.none(), st.integers(3, 15)),
        **{given: st.fixed_dictionaries(dict.fromkeys(HORIZONS, probability)) for given in GIVEN},
    }
)
SOMEBODY = {
    "next": 1,
    "stage": "stable",
    "level": None,
    "fired": [],
    "overdue": Decimal(1),
    "rfm": 9,
    **{given: dict.fromkeys(HORIZONS, Decimal("0.5")) for given in GIVEN},
}


def insert(connection, table, columns, rows):
    """Rows as one statement; hypothesis asks for many."""
    connection.execute(f"delete from {table}")
    if rows:
        values = ", ".join(
            f"({', '.join('null' if cell is None else repr(str(cell)) for cell in row)})" for row in rows
        )
        connection.execute(f"insert into {table} ({', '.join(columns)}) values {values}")


def put(connection, members, days_known):
    """Make these the only members, all scored on one as-of date so many days before the newest."""
    as_of = NEWEST - timedelta(days=days_known)
    key = ("member_key", "as_of_date")
    everybody = [((number, as_of), one) for number, one in enumerate(members, 1)]
    insert(
        connection,
        "marts.member_lifecycle",
        (*key, "stage"),
        [(*at, one["stage"]) for at, one in everybody],
    )
    insert(connection, "core.dim_as_of_date", ("as_of_date", "is_newest"), [(as_of, False), (NEWEST, True)])
    insert(
        connection,
        "marts.member_churn_probability",
        (*key, *(f"{prefix}p_no_purchase_{horizon}d" for prefix in GIVEN.values() for horizon in HORIZONS)),
        [(*at, *(one[given][horizon] for given in GIVEN for horizon in HORIZONS)) for at, one in everybody],
    )
    for table, column, field in (
        ("marts.member_cycle", "overdue_ratio", "overdue"),
        ("marts.member_rfm", "rfm_total_score", "rfm"),
        ("marts.member_churn_warning", "churn_level", "level"),
        ("intermediate.int_next_purchases", "days_until_purchase", "next"),
    ):
        rows = [(*at, one[field]) for at, one in everybody if one[field] is not None]
        insert(connection, table, (*key, column), rows)
    insert(
        connection,
        "marts.fct_churn_signal",
        (*key, "level_order"),
        [(*at, level) for at, one in everybody for level in one["fired"]],
    )
    return as_of


def rounded(value, places):
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def score(one, method, horizon):
    """What the method ranks by, and the exact probability where it gives one."""
    if method in ("rules", "level"):
        if one["stage"] == "churned":
            return Decimal(max(LEVELS.values()) + 1)
        return Decimal(LEVELS.get(one["level"], 0) if method == "level" else max(one["fired"], default=0))
    if method == "overdue":
        return rounded(one["overdue"], 2)
    if method == "rfm":
        return Decimal(-(one["rfm"] or 0))
    return one[method][horizon]


def expected_figures(members, method, horizon):
    """Every figure of the backtest over these members, one by one; None where there is none to give."""
    is_probability = METHODS[method]["is_probability"] == "true"
    given = [score(one, method, horizon) for one in members]
    shown = [rounded(value, 3) for value in given]
    stayed_away = [one["next"] is None or one["next"] > horizon for one in members]
    count, away = len(members), sum(stayed_away)
    figures = {
        "members": count,
        "non_buyers": away,
        "auc": auc(shown, stayed_away),
        "top_precision_share": top_precision(shown, stayed_away),
        "log_loss": None,
        "brier_score": None,
        "ece": None,
    }
    if METHODS[method]["warns_from"]:
        warned = [
            away
            for value, away in zip(shown, stayed_away, strict=True)
            if value >= Decimal(METHODS[method]["warns_from"])
        ]
        figures |= {
            "warned_members": len(warned),
            "warning_precision_share": sum(warned) / len(warned) if warned else None,
            "warning_recall_share": sum(warned) / away if away else None,
        }
    if is_probability:
        floor = float(RULES["probability_floor"])
        of_outcome = [
            float(value if away else 1 - value) for value, away in zip(given, stayed_away, strict=True)
        ]
        figures["log_loss"] = -sum(math.log(max(chance, floor)) for chance in of_outcome) / count
        figures["brier_score"] = sum((1 - chance) ** 2 for chance in of_outcome) / count
        bins = defaultdict(list)
        for value, rank, away in zip(given, shown, stayed_away, strict=True):
            bins[sum(edge <= rank for edge in EDGES)].append(value - away)
        figures["ece"] = float(sum(abs(sum(distances)) for distances in bins.values()) / count)
    return figures


def auc(scores, stayed_away):
    """Mann and Whitney's U over the pairs; scipy gives ties average ranks."""
    lost = [float(value) for value, away in zip(scores, stayed_away, strict=True) if away]
    kept = [float(value) for value, away in zip(scores, stayed_away, strict=True) if not away]
    return mannwhitneyu(lost, kept).statistic / (len(lost) * len(kept)) if lost and kept else None


def top_precision(scores, stayed_away):
    """The mean over every order of equals: fill the top, and let those who share the last place share it."""
    top = len(scores) * float(RULES["top_share"])
    room, found = top, 0.0
    groups = Counter(scores)
    for value in sorted(groups, reverse=True):
        taken = min(room, groups[value])
        share = (
            sum(away for other, away in zip(scores, stayed_away, strict=True) if other == value)
            / groups[value]
        )
        found, room = found + taken * share, room - taken
    return found / top


def figures_by_sql(connection, names):
    rows = connection.execute(
        f"select horizon_days, population, method, {', '.join(names)} from marts.fct_churn_backtest"
    ).fetchall()
    return {row[:3]: dict(zip(names, row[3:], strict=True)) for row in rows}


@settings(max_examples=40)
@given(members=st.lists(member, min_size=1, max_size=25))
def test_every_figure_equals_counting_members_one_by_one(backtest, members):
    put(backtest, members, days_known=max(HORIZONS))
    populations = {"all": members, "active": [one for one in members if one["stage"] in ACTIVE]}
    expected = {
        (horizon, population, method): expected_figures(of, method, horizon)
        for horizon in HORIZONS
        for population, of in populations.items()
        for method in METHODS
        if of
    }
    names = ["members", "non_buyers", "auc", "log_loss", "brier_score", "ece", "top_precision_share",
             "warned_members", "warning_precision_share", "warning_recall_share"]  # fmt: skip
    found = figures_by_sql(backtest, names)
    assert found.keys() == expected.keys()
    for key, figures in expected.items():
        for name in names:
            wanted, got = figures.get(name), found[key][name]
            assert (got is None) == (wanted is None), (key, name, got, wanted)
            assert wanted is None or float(got) == pytest.approx(wanted, abs=2e-6), (key, name)


@settings(max_examples=20)
@given(members=st.lists(member, min_size=3, max_size=25))
def test_bias_and_slope_are_those_of_the_members(backtest, members):
    put(backtest, members, days_known=max(HORIZONS))
    rows = backtest.execute(
        "select bias, bias_z, calibration_slope from marts.fct_churn_bias "
        "where method = 'champion' and horizon_days = 28"
    ).fetchall()
    chances = [float(one["champion"][28]) for one in members]
    came = [float(one["next"] is None or one["next"] > 28) for one in members]
    [(bias, bias_z, slope)] = rows
    excess = sum(chances) - sum(came)
    assert float(bias) == pytest.approx(excess / len(members), abs=2e-6)
    spread = math.sqrt(sum(chance * (1 - chance) for chance in chances))
    assert (
        bias_z is None if spread == 0 else float(bias_z) == pytest.approx(excess / spread, rel=1e-6, abs=2e-6)
    )
    if len(set(chances)) > 1 and max(chances) - min(chances) > 0.01:
        assert float(slope) == pytest.approx(linregress(chances, came).slope, rel=1e-5, abs=2e-6)


@pytest.mark.parametrize(
    ("days_known", "horizons"),
    [(27, set()), (28, {28}), (29, {28}), (89, {28}), (90, {28, 90}), (364, {28, 90}), (365, set())],
)
def test_only_matured_dates_within_the_backtest_are_evaluated(backtest, days_known, horizons):
    assert int(RULES["backtest_days"]) == 364
    put(backtest, [SOMEBODY], days_known)
    found = backtest.execute(
        "select distinct horizon_days from intermediate.int_backtest__histograms"
    ).fetchall()
    assert {horizon for (horizon,) in found} == horizons


@pytest.mark.parametrize(("days_until_purchase", "is_non_buyer"), [(27, 0), (28, 0), (29, 1), (None, 1)])
def test_the_last_day_of_the_horizon_counts(backtest, days_until_purchase, is_non_buyer):
    put(backtest, [SOMEBODY | {"next": days_until_purchase}], days_known=28)
    found = backtest.execute(
        "select distinct non_buyers from intermediate.int_backtest__histograms"
    ).fetchall()
    assert found == [(is_non_buyer,)]


def test_a_perfect_order_has_auc_one_and_a_reversed_one_zero(backtest):
    gone = SOMEBODY | {"next": None, "champion": dict.fromkeys(HORIZONS, Decimal("0.9"))}
    back = SOMEBODY | {"next": 1, "champion": dict.fromkeys(HORIZONS, Decimal("0.2"))}
    for members, wanted in (
        ([gone, back], 1),
        ([gone | {"next": 1}, back | {"next": None}], 0),
        ([gone, gone | {"next": 1}], 0.5),
    ):
        put(backtest, members, days_known=28)
        found = backtest.execute(
            "select auc from marts.fct_churn_backtest where method = 'champion' and population = 'all'"
        ).fetchall()
        assert [float(value) for (value,) in found] == [wanted]


def test_a_method_that_scored_nobody_has_no_row(backtest):
    put(backtest, [SOMEBODY | {"model": dict.fromkeys(HORIZONS)}], days_known=28)
    found = backtest.execute("select distinct method from marts.fct_churn_backtest").fetchall()
    assert {method for (method,) in found} == METHODS.keys() - {"model"}


@pytest.fixture(scope="module")
def drift(chain):
    """The drift models over empty tables, as dbt compiled them."""
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as rekindle")
        connection.execute("use rekindle")
        for room in ("seeds", "staging", "core", "marts"):
            connection.execute(f"create schema {room}")
        connection.execute(f"attach '{chain.build.file}' as built (read_only)")
        for name in ("drift_bins", "churn_settings"):
            connection.execute(f"create table seeds.{name} as from built.seeds.{name}")
        for name in (
            "core.dim_as_of_date",
            "marts.member_activity",
            "staging.stg_rekindle__churn_parameters",
        ):
            connection.execute(f"create table {name} as from built.{name} limit 0")
        compiled = {model["name"]: model["compiled_code"] for model in chain.models}
        for name in ("fct_churn_feature_share", "fct_churn_drift"):
            connection.execute(f"create view marts.{name} as {compiled[name]}")
        connection.execute("detach built")
        yield connection


@settings(max_examples=30)
@given(
    fitted=st.lists(st.integers(1, 60), min_size=1, max_size=20),
    now=st.lists(st.integers(1, 60), min_size=1, max_size=20),
)
def test_the_stability_index_is_that_of_the_shares(drift, fitted, now):
    before = NEWEST - timedelta(days=28)
    insert(drift, "staging.stg_rekindle__churn_parameters", ("fitted_on",), [(before,)])
    insert(drift, "core.dim_as_of_date", ("as_of_date", "is_computed"), [(before, True), (NEWEST, True)])
    rows = [
        (number, day, days)
        for day, held in ((before, fitted), (NEWEST, now))
        for number, days in enumerate(held)
    ]
    insert(drift, "marts.member_activity", ("member_key", "as_of_date", "purchase_days"), rows)
    edges = sorted(
        float(row["from_value"]) for row in seed("churn/drift_bins.csv") if row["feature"] == "purchase_days"
    )

    def shares(values):
        in_bin = Counter(sum(edge <= value for edge in edges) for value in values)
        floor = float(RULES["share_floor"])
        return [max(in_bin[number] / len(values), floor) for number in range(1, len(edges) + 1)]

    psi = sum((b - a) * math.log(b / a) for a, b in zip(shares(fitted), shares(now), strict=True))
    found = drift.execute(
        "select psi, is_alarm from marts.fct_churn_drift where feature = 'purchase_days' and is_newest"
    ).fetchall()
    assert float(found[0][0]) == pytest.approx(psi, abs=2e-6)
    assert found[0][1] == (psi > float(RULES["alarm_psi"])) or abs(psi - float(RULES["alarm_psi"])) < 1e-6
