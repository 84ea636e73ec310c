"""Rows corrected and delivered later count once, however often the corrected file is delivered."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from orchestration.core.errors import InputFault
from orchestration.project import Home
from tests.built import load_chain, quick_build
from tests.e2e.delivered_by_hand import deliver_lines

DAY = date(2025, 12, 20)
HEADERS = {
    "members": "system,member_id,registered_at,full_name",
    "orders": "order_id,system,member_id,channel,ordered_at,status,gross_amount,discount_amount,net_amount",
    "refunds": "refund_id,order_id,refunded_at,kind,amount",
}
FIRST = {
    "members": ["pos,a,2025-06-01,Li", "pos,b,01.06.2025,Wang"],
    "orders": [
        "1,pos,a,store,2025-12-01,completed,10.00,0,10.00",
        "2,pos,b,store,2025-12-02,completed,20.00,0,abc",
    ],
    "refunds": ["1,1,2025-12-05,refund,1.00", '2,2,2025-12-06,refund,"2,00"'],
}
CORRECTED = {
    "members": ["pos,b,2025-06-01,Wang"],
    "orders": ["2,pos,b,store,2025-12-02,completed,20.00,0,20.00"],
    "refunds": ["2,2,2025-12-06,refund,2.00"],
}


def deliver(home, deliveries, days):
    for table, lines in deliveries.items():
        deliver_lines(home, table, "\n".join([HEADERS[table], *lines, ""]), DAY + timedelta(days=days))


def test_a_corrected_row_counts_once_however_often_it_is_delivered(chain, tmp_path):
    home = Home(tmp_path / "home")
    deliver(home, FIRST, 0)
    deliver(home, CORRECTED, 1)
    deliver(home, CORRECTED, 3)
    with pytest.raises(InputFault, match="exists already"):
        deliver(home, CORRECTED, 3)
    load_chain(home)
    wanted = [f"stg_chain__{table}" for table in FIRST]
    with quick_build(chain, tmp_path / "build", home, [DAY + timedelta(days=5)], wanted=wanted) as built:
        members, orders, refunds = (
            built.execute(f"select {columns} from staging.stg_chain__{table} order by all").fetchall()
            for table, columns in {
                "members": "member_id",
                "orders": "order_id, net_amount",
                "refunds": "refund_id, refunded_amount",
            }.items()
        )
    assert [number for (number,) in members] == ["a", "b"]
    assert [(int(number), float(amount)) for number, amount in orders] == [(1, 10.0), (2, 20.0)]
    assert [(int(number), float(amount)) for number, amount in refunds] == [(1, 1.0), (2, 2.0)]
