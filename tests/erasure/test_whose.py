"""Whose a delivered row is, in whatever spelling its ids were delivered."""

from __future__ import annotations

from dataclasses import replace

import duckdb
import pytest

from orchestration.core.source_settings import SourceSettings
from orchestration.erasing.whose import whose_rows
from orchestration.loader.contracts import read_contracts
from orchestration.project import STAGING_DIR

ORDERS = read_contracts(STAGING_DIR)["chain"].table("orders")


@pytest.mark.parametrize(
    ("case", "erased", "spellings", "others"),
    [
        ("keep", "A1", ["A1", "Ａ１", " A1", "A1\u200b", "\u3000A1"], ["a1", "A 1", "A11"]),
        ("upper", "A1", ["A1", "a1", "ａ１ "], ["A11"]),
    ],
)
def test_a_row_is_of_a_member_however_their_number_is_spelled(case, erased, spellings, others):
    condition = whose_rows(replace(ORDERS, settings=SourceSettings(id_case=case))).condition(
        ["system", "member_id"]
    )
    landed = ", ".join(f"('pos\u00a0', '{number}')" for number in [*spellings, *others])
    with duckdb.connect() as connection:
        connection.execute(
            "create table erased as select 'chain' as source, 'pos' as system, $1 as member_id", [erased]
        )
        found = connection.execute(
            f"select member_id from (values {landed}) as landed (system, member_id) where {condition}"
        ).fetchall()
    assert [number for (number,) in found] == spellings
