"""Rows that found no partner are told with their money, at the end of a run and by status."""

from __future__ import annotations

from types import SimpleNamespace

from orchestration.cli.run import print_published
from orchestration.project import HOME_VARIABLE
from orchestration.readers.states import UNMATCHED
from orchestration.readers.status import told_details

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
