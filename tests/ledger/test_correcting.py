"""A past week decided anew, in a build that nobody publishes: compared with its seal or sealed beside it."""

from datetime import date

import pytest

from orchestration.core.errors import InputFault, RekindleError
from orchestration.ledger.correcting import correct, decided_anew
from orchestration.ledger.opening import start_build
from orchestration.ledger.seals import differences, proposals, seal, seals
from orchestration.project import own_tables_beside
from tests.ledger.test_seals import STAMPS, WEEK, warehouse


@pytest.fixture
def sealed(home, tmp_path):
    """A home with the week sealed, and what was sealed."""
    [proposal] = proposals(warehouse(tmp_path))
    return seal(home, proposal, **STAMPS)


@pytest.fixture
def deciding(monkeypatch):
    """Lets builds decide for so many members, in place of dbt; says what each build was asked."""

    def decide(members):
        asked = []

        def build(command, *, home, warehouse, target_path):
            handed = sorted(own_tables_beside(warehouse).glob("sealed_*/*__*"))
            asked.append((command, warehouse.parent.name, handed))
            make(warehouse.parent, members=members)

        monkeypatch.setattr("orchestration.warehouse.dbt.invoke_dbt", build)
        return asked

    make = warehouse
    return decide


def test_the_same_facts_decide_the_same_bytes_and_the_build_is_gone_afterwards(home, sealed, deciding):
    asked = deciding(3)
    assert compared(home) == []
    [(_, name, handed)] = asked
    assert name.startswith("2025-12-28-")
    assert handed == [], "the week itself must not be handed to the build that decides it anew"
    assert not (home.builds / name).exists()


def test_an_engineers_own_build_does_not_get_what_a_week_is_decided_anew_by(home, sealed, deciding):
    lent = own_tables_beside(home.development_warehouse) / "sealed_decisions"
    start_build(home, [date(2025, 12, 28)], run_id="run", code_version="c0de")
    deciding(3)
    compared(home)
    assert [file.name for file in lent.glob("*__*")] == ["wake_up__2025-12-29__v1.parquet"]


def compared(home):
    with decided_anew(home, WEEK) as (_, rebuilt):
        return differences(home, rebuilt)


def test_other_facts_are_told_and_change_nothing(home, sealed, deciding):
    deciding(5)
    assert compared(home) == [
        "wake_up 2025-12-29 decisions: sealed 3 rows, rebuilt 5",
        "wake_up 2025-12-29 touches: sealed 2 rows, rebuilt 4",
    ]
    assert seals(home) == [sealed]


def test_a_correction_is_the_next_version_and_both_stay(home, sealed, deciding):
    deciding(5)
    [made] = correct(home, WEEK, ["wake_up"], "two members were missing")
    assert (made.version, made.reason, made.counts["decisions"]) == (2, "two members were missing", 5)
    assert seals(home) == [sealed, made]


def test_where_nothing_differs_there_is_nothing_to_correct(home, sealed, deciding):
    deciding(3)
    with pytest.raises(RekindleError, match="byte for byte"):
        correct(home, WEEK, [], "to be sure")
    assert seals(home) == [sealed]


@pytest.mark.parametrize(
    ("week", "campaigns", "said"),
    [
        (date(2025, 12, 22), [], "no week 2025-12-22.*Sealed are: 2025-12-29"),
        (WEEK, ["spring"], "no campaign spring; sealed are: wake_up"),
    ],
)
def test_weeks_and_campaigns_that_were_never_sealed_are_named(home, sealed, deciding, week, campaigns, said):
    asked = deciding(3)
    with pytest.raises(InputFault, match=said):
        correct(home, week, campaigns, "because")
    assert asked == []
