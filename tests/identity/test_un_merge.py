"""A shop in which two sisters were taken for one person, before and after a row that keeps them apart."""

from __future__ import annotations

from datetime import date

import duckdb
import pytest

from orchestration.core.errors import InputFault
from orchestration.core.identity_decisions import COLUMNS
from orchestration.project import Home
from orchestration.readers import identity
from orchestration.warehouse.erasures import record_key
from tests.built import chain, load_chain, quick_build
from tests.e2e.delivered_by_hand import deliver_lines

__all__ = ["chain"]

DATES = [date(2025, 12, 28)]
OLDER, YOUNGER = record_key("chain", "pos", "1002"), record_key("chain", "crm", "C9")
PHONE = "13812345003"
WANTED = [
    "member_lifecycle", "fct_contact_permission", "fct_order", "dim_member", "fct_identity_link",
    "fct_member_record",
]  # fmt: skip


@pytest.fixture(scope="module")
def built(chain, tmp_path_factory):
    """Files of the warehouse before and after, with the home; and what loading said of the rows."""
    folder = tmp_path_factory.mktemp("un_merge")
    home = Home(folder / "home")
    deliver_lines(
        home,
        "members",
        "system,member_id,registered_at,full_name,phone\n"
        f"pos,1002,2025-09-01T10:00:00+08:00,Wang Fang,{PHONE}\n"
        f"crm,C9,2025-10-01T10:00:00+08:00,Wang Fang,{PHONE}\n",
        date(2025, 12, 1),
    )
    deliver_lines(
        home,
        "orders",
        "order_id,system,member_id,channel,ordered_at,status,gross_amount,discount_amount,net_amount\n"
        "1,pos,1002,store,2025-09-01T10:20:00+08:00,completed,58,0,58\n"
        "2,crm,C9,store,2025-12-20T18:45:00+08:00,completed,100,0,100\n",
        date(2025, 12, 28),
    )
    deliver_lines(
        home,
        "consents",
        "consent_id,system,member_id,channel,purpose,is_granted,happened_at\n"
        "1,crm,C9,wechat,marketing,false,2025-12-18T10:00:00+08:00\n"
        "2,pos,1002,push,marketing,true,2025-12-18T10:00:00+08:00\n",
        date(2025, 12, 28),
    )
    load_chain(home)
    quick_build(chain, folder / "before", home, DATES, wanted=WANTED).close()
    home.identity.mkdir()
    (home.identity / "kept_apart.csv").write_text(
        f"{','.join(COLUMNS)}\n"
        "chain,POS, 1002,chain,crm,c9,2025-12-24,,two sisters,shop 3\n"
        "chain,pos,1002,chain,crm,nobody,2025-12-24,,a typing error,\n"
    )
    said = load_chain(home)
    quick_build(chain, folder / "after", home, DATES, wanted=WANTED).close()
    return home, folder, said


def rows(built, state, query):
    _, folder, _ = built
    with duckdb.connect(str(folder / state / "rekindle.duckdb"), read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_orders_and_stages_follow_the_record(built):
    orders = "select member_key, sum(net_amount) from core.fct_order group by all order by 2"
    stages = "select member_key, stage from marts.member_lifecycle where as_of_date = date '2025-12-28'"
    assert rows(built, "before", orders) == [(OLDER, 158)]
    assert rows(built, "after", orders) == [(OLDER, 58), (YOUNGER, 100)]
    assert len(rows(built, "before", stages)) == 1
    assert dict(rows(built, "after", stages)) == {OLDER: "silent", YOUNGER: "new"}


def test_what_exports_read_follows_and_the_duplicate_rate_with_it(built):
    records = (
        "select record_key, member_key, is_duplicate from core.fct_member_record order by is_duplicate, 1"
    )
    assert rows(built, "before", records) == [(OLDER, OLDER, False), (YOUNGER, OLDER, True)]
    assert sorted(rows(built, "after", records)) == sorted([(OLDER, OLDER, False), (YOUNGER, YOUNGER, False)])


def test_the_ledger_keeps_what_was_and_both_histories_are_marked_as_restated(built):
    periods = "select record_key, member_key, began_on, reason from core.fct_identity_ledger"
    restated = "select restated_on from core.dim_member"
    assert rows(built, "before", restated) == [(None,)]
    assert sorted(rows(built, "after", periods)) == sorted(
        [
            (OLDER, OLDER, date(2025, 12, 1), "first_seen"),
            (YOUNGER, OLDER, date(2025, 12, 1), "phone"),
            (YOUNGER, YOUNGER, date(2025, 12, 24), "kept_apart"),
        ]
    )
    assert rows(built, "after", restated) == [(date(2025, 12, 24),)] * 2


def test_an_opt_out_of_the_two_in_one_stays_with_both_and_a_grant_with_its_own(built):
    refused = "select member_key from core.fct_contact_permission where channel = 'wechat' and not is_allowed"
    granted = "select member_key from core.fct_contact_permission where channel = 'push' and is_allowed"
    assert set(rows(built, "after", refused)) == {(OLDER,), (YOUNGER,)}
    assert rows(built, "after", granted) == [(OLDER,)]


def test_a_row_about_a_record_nobody_delivered_is_named_and_waits(built):
    *_, said = built
    assert [line for line in said if "kept_apart.csv" in line] == [
        "identity/kept_apart.csv:3 names chain crm nobody, which no delivery holds; the row waits for it"
    ]


@pytest.fixture
def asked(built, monkeypatch):
    """`rekindle why-merged`, over the file of one state."""
    home, folder, _ = built

    def ask(state, *words):
        file = folder / state / "rekindle.duckdb"
        monkeypatch.setattr(
            identity, "connect_published", lambda _: duckdb.connect(str(file), read_only=True)
        )
        return identity.why_merged_text(home, words)

    return ask


def test_why_merged_names_the_kind_of_identifier_and_the_line_that_parts_them(asked):
    told = asked("before", "crm", "c9")
    assert told == asked("before", str(OLDER))
    assert f"Member {OLDER}: 2 records" in told
    assert "same phone" in told
    assert "chain,pos,1002,chain,crm,C9,YYYY-MM-DD,,WHY,WHO" in told
    assert PHONE not in told


def test_why_merged_says_what_does_not_link_and_what_was_before(asked):
    told = asked("after", "pos", "1002")
    assert "phone of chain pos 1002: kept apart from 1 record; 2 records hold it" in told
    assert "so that its history was restated" in told


@pytest.mark.parametrize("words", [("pos", "9"), ("9",), ("a", "b", "c", "d")])
def test_why_merged_of_nobody_says_what_to_name(asked, words):
    with pytest.raises(InputFault, match="system and number"):
        asked("after", *words)
