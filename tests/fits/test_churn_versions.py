"""Versions of the trained churn model: evaluated on what they did not see, kept whole or not at all."""

import shutil
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from orchestration.core.churn_model import Sign, log_odds
from orchestration.core.purchase_models import Fit, Histories, Model, Parameters
from orchestration.fits.churn_panel import BASE_LOGIT, Feature, Panel
from orchestration.fits.churn_parameters import add_version
from orchestration.fits.churn_versions import (
    Horizon,
    ModelSettings,
    read_horizons,
    read_model_settings,
)
from orchestration.own_tables import read_own_table
from orchestration.project import Home
from tests.killing import dies_before

HORIZON = 7
START = date(2025, 6, 1)
DAYS = [START + timedelta(weeks=week) for week in range(16)]
REFIT_AFTER_DAYS = 28
# The first days of the periods of fits among them, but for the first, which is too early for a version.
FITTED = [DAYS[5], DAYS[9], DAYS[13]]
FEATURES = [Feature(BASE_LOGIT, Sign.RAISES), Feature("gap_log", Sign.RAISES), Feature("noise", Sign.EITHER)]
SETTINGS = ModelSettings(
    minimum_matured_members=200,
    training_dates=4,
    evaluated_dates=2,
    blended_dates=2,
    blend_after_days=7,
    blend_ridge=1e-3,
    compared_versions=2,
    required_errors=2.0,
    ridge=1e-4,
)
KEPT = ("churn_coefficients", "churn_model_cards", "churn_recalibrations")


def drawn(days=DAYS, members=200, seed=7):
    """Members of whom those away longer come back less; the base, fitted on others, knows half of it."""
    dice = np.random.default_rng(seed)
    count = len(days) * members
    gap = dice.gamma(2.0, 15.0, count).round()
    age = 300.0 + np.repeat(np.arange(len(days)) * 7.0, members)
    away = dice.random(count) < 1 / (1 + np.exp(2.0 - gap / 15))
    return Panel(
        days=np.repeat(np.array(days, dtype="datetime64[D]"), members),
        members=np.tile(np.arange(members), len(days)),
        columns={"gap_log": np.log1p(gap), "noise": dice.normal(size=count)},
        histories=Histories.of(np.full(count, 6.0), np.maximum(age - gap, 1), age),
        groups=np.full(count, "fast_moving"),
        next_purchase_days=np.where(away, np.inf, HORIZON),
    )


@pytest.fixture
def home(home):
    add_version(home, START, {"all": Fit(Model.MBG_NBD, Parameters(0.9, 20.0, 0.4, 3.0), -1.0, 1)})
    return home


def fit(home, panel, settings=SETTINGS):
    """What a build does for one horizon; the cards of the new versions."""
    horizon = Horizon(home, panel, FEATURES, settings, HORIZON)
    cards = list(horizon.train_due(REFIT_AFTER_DAYS))
    horizon.blend_due()
    return cards


def until(panel, day):
    """The panel of a build whose newest date this is."""
    return rows_where(panel, panel.days <= np.datetime64(day))


def rows_where(panel, rows):
    return replace(
        panel,
        days=panel.days[rows],
        members=panel.members[rows],
        columns={name: values[rows] for name, values in panel.columns.items()},
        histories=Histories(*(part[rows] for part in vars(panel.histories).values())),
        groups=panel.groups[rows],
        next_purchase_days=panel.next_purchase_days[rows],
    )


def test_a_verdict_is_of_a_version_that_saw_neither_the_evaluated_dates_nor_their_outcomes(home):
    cards = fit(home, drawn())
    assert [card["fitted_on"] for card in cards] == FITTED
    for card in cards:
        assert card["last_evaluated_on"] == card["fitted_on"] - timedelta(days=HORIZON)
        assert card["learned_until_on"] + timedelta(days=HORIZON) <= card["first_evaluated_on"]
        assert card["evaluated_rows"] == 400


def test_a_version_is_trained_after_the_verdict_on_the_newest_dates_that_are_over(home):
    first, *_, last = fit(home, drawn())
    assert first["trained_dates"] == 4
    assert (last["first_trained_on"], last["last_trained_on"]) == (DAYS[9], DAYS[12])
    assert (last["trained_rows"], last["trained_members"]) == (800, 200)


def test_each_version_is_compared_with_the_base_whoever_is_in_use(home):
    first, second, _ = fit(home, drawn())
    assert first["champion"] == "base"
    assert first["is_promoted"]
    assert first["gain"] == pytest.approx(first["base_log_loss"] - first["log_loss"]) == first["mean_gain"]
    assert second["champion"] == first["version"]
    assert second["gain"] == pytest.approx(second["base_log_loss"] - second["log_loss"])
    assert second["mean_gain"] == pytest.approx((first["gain"] + second["gain"]) / 2)


def test_a_gain_that_chance_may_make_leaves_the_base_in_use(home):
    cards = fit(home, drawn(), replace(SETTINGS, required_errors=100.0))
    assert not any(card["is_promoted"] for card in cards)
    assert {card["champion"] for card in cards} == {"base"}
    assert len(read_own_table(home, "churn_model_cards")) == 3


def test_the_base_wins_back_when_what_was_learned_no_longer_holds(home):
    """From the eighth date on members do what the base says, and the column that knew more says anything."""
    panel, dice = drawn(), np.random.default_rng(8)
    turned = panel.days >= np.datetime64(DAYS[7])
    base = panel.base_logits({START: {"all": Parameters(0.9, 20.0, 0.4, 3.0)}}, {}, HORIZON)
    away = np.where(dice.random(base.size) < 1 / (1 + np.exp(-base)), np.inf, HORIZON)
    columns = {
        **panel.columns,
        "gap_log": np.where(turned, 8 * dice.random(base.size), panel.columns["gap_log"]),
    }
    cards = fit(
        home,
        replace(panel, columns=columns, next_purchase_days=np.where(turned, away, panel.next_purchase_days)),
    )
    assert [card["is_promoted"] for card in cards[:2]] == [True, False]
    assert cards[1]["gain"] < -2 * cards[1]["gain_error"]
    assert cards[2]["champion"] == "base"


@pytest.mark.parametrize(("members", "versions"), [(199, 0), (200, 3)])
def test_too_few_members_give_no_version(home, members, versions):
    assert len(fit(home, drawn(members=members))) == versions


def test_members_who_all_did_the_same_teach_nothing(home):
    panel = drawn()
    assert fit(home, replace(panel, next_purchase_days=np.full(panel.days.size, np.inf))) == []


def test_what_came_after_a_version_changes_neither_it_nor_its_recalibrations(home, tmp_path):
    panel = drawn()
    fit(home, panel)
    other_home = Home(tmp_path / "other")
    shutil.copytree(home.own_tables, other_home.own_tables)
    for table in KEPT:
        (other_home.own_tables / f"{table}.parquet").unlink()
    later = panel.days > np.datetime64(DAYS[8])
    changed = replace(
        panel,
        next_purchase_days=np.where(
            later, HORIZON - panel.next_purchase_days.clip(0, HORIZON), panel.next_purchase_days
        ),
        columns={name: np.where(later, 9.0, values) for name, values in panel.columns.items()},
    )
    fit(other_home, changed)
    for table, dated in zip(KEPT, ("fitted_on", "fitted_on", "calibrated_on"), strict=True):
        one, other = (
            [row for row in read_own_table(where, table) if row[dated] <= FITTED[1]]
            for where in (home, other_home)
        )
        assert one == other
        assert one
    assert read_own_table(home, KEPT[1]) != read_own_table(other_home, KEPT[1])


def test_builds_week_after_week_keep_what_one_build_of_all_weeks_keeps(home, tmp_path):
    panel = drawn()
    other_home = Home(tmp_path / "other")
    shutil.copytree(home.own_tables, other_home.own_tables)
    fit(home, panel)
    for day in DAYS:
        fit(other_home, until(panel, day))
    for table in KEPT:
        assert rows_of(home, table) == rows_of(other_home, table)


def rows_of(home, table):
    return sorted(map(str, read_own_table(home, table)))


def test_a_second_fit_of_the_same_dates_adds_nothing(home):
    fit(home, drawn())
    before = {table: read_own_table(home, table) for table in KEPT}
    assert fit(home, drawn(seed=8)) == []
    assert {table: read_own_table(home, table) for table in KEPT} == before


def test_no_version_is_made_afterwards_between_those_in_use(home):
    assert [card["fitted_on"] for card in fit(home, drawn(DAYS[6:]))] == FITTED[1:]
    assert fit(home, drawn()) == []


def test_more_weeks_before_change_no_version_whose_dates_were_all_there(home, tmp_path):
    """The grid of fits does not hang on the first as-of date asked for."""
    other_home = copy_of(home, tmp_path / "other")
    panel = drawn()
    few = panel.days >= np.datetime64(DAYS[3])
    fit(home, panel)
    fit(other_home, rows_where(panel, few))
    for table in ("churn_coefficients", "churn_recalibrations"):
        one, other = (
            [row for row in read_own_table(where, table) if row["version"] == f"logistic-{FITTED[2]}"]
            for where in (home, other_home)
        )
        assert one == other
        assert one


def test_weights_are_of_the_newest_dates_that_are_over_and_of_the_newest_version(home):
    fit(home, drawn())
    made = read_own_table(home, "churn_recalibrations")
    assert Counter(row["version"] for row in made) == {
        f"logistic-{FITTED[0]}": 4,
        f"logistic-{FITTED[1]}": 4,
        f"logistic-{FITTED[2]}": 3,
    }
    for row in made:
        assert row["last_matured_on"] == row["calibrated_on"] - timedelta(days=HORIZON)
        assert (row["matured_dates"], row["matured_rows"]) == (2, 400)


def test_a_blend_meets_the_share_that_came(home):
    panel = drawn()
    [*_, card] = fit(home, panel)
    [*_, made] = [
        row for row in read_own_table(home, "churn_recalibrations") if row["version"] == card["version"]
    ]
    weights = {
        row["feature"]: row
        for row in read_own_table(home, "churn_coefficients")
        if row["version"] == card["version"]
    }
    base = panel.base_logits({START: {"all": Parameters(0.9, 20.0, 0.4, 3.0)}}, {}, HORIZON)
    columns = {BASE_LOGIT: base, **panel.columns}
    logits = card["intercept"] + sum(
        of["coefficient"] * (columns[name] - of["mean"]) / of["deviation"] for name, of in weights.items()
    )
    rows = panel.on([made["first_matured_on"], made["last_matured_on"]])
    blended = made["offset_logit"] + made["base_weight"] * base + made["model_weight"] * logits
    said = 1 / (1 + np.exp(-blended[rows]))
    assert said.mean() == pytest.approx(panel.outcome(HORIZON)[rows].mean(), abs=5e-3)
    assert log_odds(said).std() > 0.1


@pytest.mark.slow
def test_a_fit_killed_before_any_step_leaves_whole_versions_and_the_next_one_completes_it(home, tmp_path):
    panel = drawn()
    fit(home, until(panel, DAYS[6]))
    before = {table: read_own_table(home, table) for table in KEPT}
    whole = copy_of(home, tmp_path / "whole")
    fit(whole, panel)
    fatal_step = 1
    while dies_before(fatal_step, fit, killed := copy_of(home, tmp_path / str(fatal_step)), panel):
        assert_whole(killed, before)
        fit(killed, panel)
        for table in KEPT:
            assert rows_of(killed, table) == rows_of(whole, table)
        fatal_step += 1
    # three steps per table written: two versions of coefficients and card each, and the recalibrations
    assert fatal_step > 15
    assert len(read_own_table(whole, "churn_model_cards")) == 3


def copy_of(home, root):
    shutil.copytree(home.root, root)
    return Home(root)


def assert_whole(home, before):
    """What was kept is as it was; a version that readers know, by its card, has all its coefficients once."""
    for table, rows in before.items():
        assert read_own_table(home, table)[: len(rows)] == rows
    found = Counter(
        (row["version"], row["horizon_days"]) for row in read_own_table(home, "churn_coefficients")
    )
    known = [(row["version"], row["horizon_days"]) for row in read_own_table(home, "churn_model_cards")]
    assert {found[version] for version in known} == {len(FEATURES)}
    recalibrated = {row["version"] for row in read_own_table(home, "churn_recalibrations")}
    assert recalibrated <= {version for version, _ in known}


def test_the_settings_are_the_seeds_and_the_horizons_those_the_models_have_columns_for():
    assert read_model_settings().minimum_matured_members >= read_model_settings().evaluated_dates > 0
    assert read_horizons() == [28, 90]
