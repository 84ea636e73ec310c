"""What the trained churn model learns from: whom it reads, what they did next, what the base said then."""

from datetime import date, timedelta

import duckdb
import numpy as np
import pytest

from orchestration.core.churn_model import Sign, log_odds
from orchestration.core.purchase_models import Histories, Model, Parameters, p_no_purchase
from orchestration.fits.churn_panel import BASE_LOGIT, Feature, Panel, read_features, read_panel
from orchestration.project import DBT_PROJECT_DIR

DAYS = [date(2025, 11, 30), date(2025, 12, 7)]
FIRST_BOUGHT = date(2025, 6, 1)
FEATURES = [
    Feature(BASE_LOGIT, Sign.RAISES),
    Feature("gap_log", Sign.RAISES),
    Feature("tenure_log", Sign.EITHER),
]
EVERYBODY = Parameters(0.9, 20.0, 0.4, 3.0)
DURABLE = Parameters(0.5, 60.0, 0.3, 2.0)


@pytest.fixture
def warehouse(tmp_path):
    """Fifty members on two dates; member k buys again k days after the first date, those above 40 never."""
    file = tmp_path / "rekindle.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute(
            f"""
            create schema core; create schema marts;
            create table marts.fct_churn_panel as
                select member_key, as_of_date, cast(member_key as decimal(9, 6)) as gap_log,
                    cast(as_of_date - date '{DAYS[0]}' as decimal(9, 6)) as tenure_log,
                    if(member_key > 10, 'fast_moving', 'durable') as category_group,
                    1 as repeats, 30 as last_days, as_of_date - date '{FIRST_BOUGHT}' as age_days
                from range(1, 51) as members(member_key),
                    (values (date '{DAYS[0]}'), (date '{DAYS[1]}')) as dates(as_of_date);
            create table core.fct_order as
                select member_key, date '{DAYS[0]}' + cast(member_key as integer) as ordered_on,
                    true as is_purchase
                from range(1, 41) as members(member_key)
                union all select 50, date '{DAYS[0]}' + 1, false
                union all select 50, date '{DAYS[0]}', true;
            """
        )
    return file


def by_member(panel, values, day):
    """A value per member on a date."""
    here = panel.days == np.datetime64(day)
    return dict(zip(panel.members[here].tolist(), values[here].tolist(), strict=True))


def test_every_sampled_member_has_every_as_of_date_and_the_features_asked_for(warehouse):
    panel = read_panel(warehouse, FEATURES)
    assert panel.members.size == 100
    assert set(panel.columns) == {"gap_log", "tenure_log"}
    assert by_member(panel, panel.columns["tenure_log"], DAYS[1]) == dict.fromkeys(range(1, 51), 7.0)
    assert panel.histories.repeats.tolist() == [1] * 100
    assert set(panel.histories.last) == {30}
    assert set(panel.histories.age) == {(day - FIRST_BOUGHT).days for day in DAYS}


def test_the_next_purchase_is_after_the_date_and_was_paid(warehouse):
    panel = read_panel(warehouse, FEATURES)
    first = by_member(panel, panel.next_purchase_days, DAYS[0])
    assert (first[1], first[40], first[41], first[50]) == (1, 40, np.inf, np.inf)
    second = by_member(panel, panel.next_purchase_days, DAYS[1])
    assert (second[7], second[8]) == (np.inf, 1)


def test_whoever_buys_on_the_last_day_of_the_horizon_is_not_lost(warehouse):
    panel = read_panel(warehouse, FEATURES)
    lost = by_member(panel, panel.outcome(28), DAYS[0])
    assert (lost[27], lost[28], lost[29], lost[41]) == (0, 0, 1, 1)


def test_the_base_is_that_of_the_newest_fit_that_saw_nothing_later_and_of_the_members_group(warehouse):
    panel = read_panel(warehouse, FEATURES)
    later = {DAYS[1]: {"all": EVERYBODY, "durable": DURABLE}}
    logits = panel.base_logits(later, {}, 28)
    assert np.isnan(logits[panel.on([DAYS[0]])]).all()
    on_date = by_member(panel, logits, DAYS[1])
    history = Histories.of([1], [30], [(DAYS[1] - FIRST_BOUGHT).days])
    for member, at in ((10, DURABLE), (11, EVERYBODY)):
        [chance] = p_no_purchase(Model.MBG_NBD, at, history, 28)
        assert on_date[member] == pytest.approx(log_odds(np.round(chance, 6)))
    before = {DAYS[0] - timedelta(days=1): {"all": DURABLE}, **later}
    changed = panel.base_logits(before, {}, 28)
    assert not np.isnan(changed).any()
    assert np.array_equal(changed[panel.on([DAYS[1]])], logits[panel.on([DAYS[1]])])


def test_features_stand_side_by_side_in_the_order_of_their_names(warehouse):
    panel = read_panel(warehouse, FEATURES)
    base = np.full(panel.days.size, -1.5)
    matrix = panel.matrix(["gap_log", BASE_LOGIT], base)
    assert np.array_equal(matrix, np.column_stack([panel.columns["gap_log"], base]))


def test_rows_of_dates_are_those_of_the_dates():
    panel = Panel(
        days=np.array([*DAYS, DAYS[0]], dtype="datetime64[D]"),
        members=np.array([1, 1, 2]),
        columns={},
        histories=Histories.of([0] * 3, [0] * 3, [9] * 3),
        groups=np.array(["all"] * 3),
        next_purchase_days=np.full(3, np.inf),
    )
    assert panel.on([DAYS[0]]).tolist() == [True, False, True]
    assert not panel.on([]).any()


def test_the_features_are_the_seeds_and_each_but_the_base_is_described_as_a_column():
    features = read_features()
    assert features[0] == Feature(BASE_LOGIT, Sign.RAISES)
    described = (DBT_PROJECT_DIR / "models/marts/churn/member_churn_features.yml").read_text(encoding="utf-8")
    assert [each.name for each in features[1:] if f"- name: {each.name}\n" not in described] == []
