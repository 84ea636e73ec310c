"""Decisions about who is one person: each fault of a row is named, and rows that contradict each other."""

from __future__ import annotations

import pytest

from orchestration.core.definition_rows import Row
from orchestration.core.identity_decisions import (
    COLUMNS,
    KEPT_APART,
    MERGED,
    contradictions,
    decision_of,
    header_faults,
    row_faults,
)

SYSTEMS = {"chain": ("pos", "crm"), "shop": ()}
SOUND = dict(
    zip(
        COLUMNS,
        ["chain", "pos", "1", "chain", "crm", "C9", "2025-12-01", "", "two sisters", "ann"],
        strict=True,
    )
)


def row(line=2, **changed):
    return Row("kept_apart.csv", line, SOUND | changed)


def decided(line=2, decision=KEPT_APART, **changed):
    return decision_of(row(line, **changed), decision)


def test_a_sound_row_is_read_trimmed_with_codes_in_small_letters():
    read = decided(source=" Chain ", system="POS", member_id=" A1 ")
    assert list(row_faults(row(source=" Chain ", system="POS", member_id=" A1 "), SYSTEMS)) == []
    assert read.records[0] == ("chain", "pos", "A1")
    assert read.valid_to is None


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"member_id": " "}, "no member_id"),
        ({"why": ""}, "no why"),
        ({"source": "till"}, "source 'till'; allowed: chain, shop"),
        ({"other_system": "web"}, "other_system 'web'; allowed: pos, crm"),
        ({"valid_from": "01.12.2025"}, "valid_from '01.12.2025'; allowed: a date, YYYY-MM-DD"),
        ({"valid_to": "2025-12-01"}, "valid_to 2025-12-01 is not after valid_from"),
        ({"other_system": "POS", "other_member_id": "1 "}, "both records are the same"),
    ],
)
def test_each_fault_of_a_row_is_named(changed, found):
    [fault] = row_faults(row(**changed), SYSTEMS)
    assert found in str(fault)


def test_a_source_without_a_list_of_systems_may_name_any():
    assert list(row_faults(row(source="shop", system="web"), SYSTEMS)) == []


def test_columns_may_come_in_any_order_and_who_and_valid_to_may_be_missing():
    header = [name for name in reversed(COLUMNS) if name not in ("who", "valid_to")]
    assert list(header_faults("kept_apart.csv", header)) == []
    [missing, unknown] = header_faults("kept_apart.csv", [*header[1:], "reason"])
    assert "no column why" in str(missing)
    assert "unknown column 'reason'" in str(unknown)


def test_two_rows_about_one_pair_on_the_same_day_are_refused_whichever_record_comes_first():
    turned = dict(zip(COLUMNS[:6], ["chain", "crm", "c9", "chain", "pos", "1"], strict=True))
    [again] = contradictions([decided(), decided(3, **turned)])
    assert "identity/kept_apart.csv:2 says the same already" in str(again)
    [opposite] = contradictions([decided(), decided(3, MERGED, **turned)])
    assert "says the opposite" in str(opposite)
    assert (
        list(contradictions([decided(valid_to="2025-12-05"), decided(3, MERGED, valid_from="2025-12-05")]))
        == []
    )
