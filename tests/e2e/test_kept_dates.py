"""Readers get the newest date in full and a narrow row of each date before, which says what states said.

Belongs here: the public tables of a whole build before and after the dates that nobody gets have left.
Does not: when they leave and what is refused (tests/warehouse/test_kept_dates.py).
"""

from __future__ import annotations

import shutil

import duckdb
import pytest

from orchestration.warehouse.builds import public_docs
from orchestration.warehouse.public import faults_in_kept_dates, take_newest
from tests.built import SUNDAYS, UNTIL, set_sources

STATES = {
    "member_lifecycle": ("stage", "silence_tier"),
    "member_silence_cause": ("silence_cause",),
    "member_rfm": ("rfm_cell",),
    "member_value_tier": ("value_tier",),
    "member_growth": ("growth_level",),
    "member_churn_warning": ("churn_level",),
    "member_churn_probability": ("p_no_purchase_90d",),
    "member_activity": ("purchase_days_365d", "net_amount_365d"),
}
"""Where each column of the history comes from."""


@pytest.fixture(scope="module")
def kept(chain, tmp_path_factory):
    """The chain's file after the dates left, and as `whole` what it was."""
    # Under the same stem: views name their tables in full.
    file = tmp_path_factory.mktemp("kept") / chain.build.file.name
    shutil.copy(chain.build.file, file)
    with duckdb.connect(str(file)) as connection:
        take_newest(connection, public_docs(chain.build), UNTIL)
        connection.execute("checkpoint")
        set_sources(connection, chain.home, chain.build.folder)
        yield connection


@pytest.fixture(scope="module")
def words(chain):
    """Which dates each public relation with an as-of date keeps."""
    return {name: told["keeps"] for name, told in public_docs(chain.build).items() if told["keeps"]}


def dates(connection, relation):
    rows = connection.execute(f"select distinct as_of_date from {relation}").fetchall()
    return {day for (day,) in rows}


def newest_rows(connection, relation):
    rows = connection.execute(f"from {relation} where as_of_date = date '{UNTIL}' order by all")
    return rows.fetchall()


@pytest.mark.parametrize(("state", "columns"), STATES.items())
def test_the_history_says_of_every_date_what_the_state_said(chain, state, columns):
    named = ", ".join(columns)
    with chain.open() as connection:
        said = connection.execute(f"select member_key, as_of_date, {named} from marts.{state}").fetchall()
        history = connection.execute(f"select member_key, as_of_date, {named} from marts.member_history")
        # Who has no row in a state has nothing of it in the history.
        kept = [row for row in history.fetchall() if row[2:] != (None,) * len(columns)]
    assert len(said) == len(set(said)) > 0
    assert {day for _, day, *_ in kept} > {UNTIL}
    assert sorted(kept) == sorted(row for row in said if row[2:] != (None,) * len(columns))


def test_the_history_has_every_date_of_whoever_has_a_stage(kept, chain):
    with chain.open() as whole:
        members = whole.execute("select member_key, as_of_date from marts.member_lifecycle order by all")
        history = kept.execute("select member_key, as_of_date from marts.member_history order by all")
        assert history.fetchall() == members.fetchall()
    assert dates(kept, "serving.srv_member_history") == dates(kept, "marts.member_history") == set(SUNDAYS)


def test_what_keeps_the_newest_date_has_no_other_and_the_rest_has_all_it_had(kept, chain, words):
    shown = {name: dates(kept, name) for name in words}
    with chain.open() as whole:
        had = {name: dates(whole, name) for name in words}
    assert {name for name, word in words.items() if word == "newest" and shown[name] - {UNTIL}} == set()
    assert {name for name, word in words.items() if word != "newest" and shown[name] != had[name]} == set()
    assert list(faults_in_kept_dates(kept, public_docs(chain.build), UNTIL)) == []


def test_tables_of_weeks_have_several_where_there_is_a_past(kept, words):
    """Audiences have the weeks decided, here one; what needs a longer horizon has none in seven weeks."""
    several = {name for name, word in words.items() if word == "weeks" and len(dates(kept, name)) > 1}
    assert several >= {name for name, word in words.items() if word == "weeks"} - {
        "audiences.aud_call_queue",
        "audiences.aud_campaign_weeks",
        "audiences.aud_journeys",
        "marts.fct_churn_lead_time",
        "marts.fct_offer_hit_rate",
    }


def test_of_the_newest_date_nothing_is_changed(kept, chain, words):
    with chain.open() as whole:
        changed = {name for name in words if newest_rows(whole, name) != newest_rows(kept, name)}
    assert changed == set()
