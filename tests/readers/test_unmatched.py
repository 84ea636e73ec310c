"""Rows that found no partner are told with their money, at the end of a run and by status."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

from orchestration.cli.run import print_published
from orchestration.loader.bookkeeping import write_loads
from orchestration.loader.records import TableLoad
from orchestration.project import HOME_VARIABLE, Home
from orchestration.readers.states import UNMATCHED
from orchestration.readers.status import loads_text, told_details

FOUND = [["chain.orders", "member unknown", "2", "155.00"]]


def test_status_names_them_and_says_nothing_without():
    [said] = told_details({UNMATCHED: FOUND})
    assert said.splitlines()[0] == "Rows without a partner"
    assert said.splitlines()[-1].split() == ["chain.orders", "member", "unknown", "2", "155.00"]
    assert told_details({UNMATCHED: []}) == []


def test_the_end_of_a_run_names_those_of_the_version_that_readers_get(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    manifest = SimpleNamespace(details={UNMATCHED: FOUND}, run_id="one")
    monkeypatch.setattr(
        "orchestration.warehouse.versions.list_versions",
        lambda home: [SimpleNamespace(current=True, build_id="b", manifest=manifest)],
    )
    monkeypatch.setattr("orchestration.readers.overview.overview_text", lambda home: "the overview")
    print_published()
    told = capsys.readouterr().out
    assert told.index("155.00") < told.index("the overview")


def test_a_table_that_no_model_reads_is_named_where_it_was_loaded_and_no_gap_where_it_was_not(tmp_path):
    home, day = Home(tmp_path), date(2025, 12, 28)
    others = [TableLoad("chain", "orders", day, "loaded"), TableLoad("chain", "tickets", None, "missing")]
    told = {}
    for status, delivered_on in (("loaded", day), ("missing", None)):
        points = TableLoad("chain", "points", delivered_on, status)
        write_loads(home, [*others, points])
        told[status] = loads_text(home)
    assert "Loaded, but read by no model, so they change no figure: chain.points" in told["loaded"]
    assert "chain.points" not in told["missing"]
    assert all("chain.tickets\n      complaints, reviews and ratings" in text for text in told.values())
