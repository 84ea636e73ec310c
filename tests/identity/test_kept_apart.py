"""Who is kept apart shares no member, all other links stay, and the ledger tells every day as it was."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from orchestration.warehouse.erasures import record_key
from tests.built import chain
from tests.identity.test_union_find import KINDS, RULES, components, farthest, link_keys, linkage, record

__all__ = ["chain", "linkage"]

DAY = date(2025, 12, 1)
BY_HAND = 0
MOST = 8
pairs = st.tuples(st.integers(0, MOST - 1), st.integers(0, MOST - 1)).filter(lambda pair: pair[0] != pair[1])


def key_of(position):
    return record_key("chain", "pos", str(position))


def decide(connection, rows):
    """Make these the only decisions: merge or not, both records, first and last day."""
    connection.execute("delete from staging.stg_rekindle__identity_decisions")
    for number, (is_merge, one, other, begun, ended) in enumerate(rows):
        connection.execute(
            "insert into staging.stg_rekindle__identity_decisions by name select $1 as decision_id, "
            "$2 as is_merge, $3 as record_key, $4 as other_record_key, $5 as decided_on, $6 as ended_on",
            [f"decision {number}", is_merge, key_of(one), key_of(other), begun, ended],
        )


def deliver(connection, told):
    """Make these the only deliveries: day, position, identifiers; the newest of each record counts."""
    connection.execute("delete from staging.stg_chain__members")
    connection.execute("delete from staging.stg_chain__member_deliveries")
    values = ("union_id", "card", "phone", "email", "name")
    newest, first = {}, {}
    for day, position, one in sorted(told, key=lambda row: row[:2]):
        former = newest.get(position)
        newest[position] = one
        first.setdefault(position, day)
        is_change = former is None or any(former[value] != one[value] for value in values)
        connection.execute(
            "insert into staging.stg_chain__member_deliveries by name select 'chain' as source, "
            "'pos' as system, $1 as member_id, $2 as union_id_pseudonym, $3 as card_pseudonym, "
            "$4 as phone_pseudonym, $5 as email_pseudonym, $6 as name_pseudonym, $7 as reported_on, "
            "$8 as is_change",
            [str(position), *(one[value] for value in values), day, is_change],
        )
    for position, one in newest.items():
        connection.execute(
            "insert into staging.stg_chain__members by name select 'chain' as source, 'pos' as system, "
            "$1 as member_id, $2 as union_id_pseudonym, $3 as card_pseudonym, $4 as phone_pseudonym, "
            "$5 as email_pseudonym, $6 as name_pseudonym, $7 as registered_on, $8 as updated_at, "
            "$9 as first_delivered_on",
            [str(position), *(one[value] for value in values), date(2025, 1, one["registered"]),
             datetime(2025, 2, 1), first[position]],
        )  # fmt: skip


def members(connection):
    """Member key by record key."""
    return dict(
        connection.execute("select record_key, member_key from core.int_identity__members").fetchall()
    )


def kruskal(records, decisions):
    """Links one by one, the strongest, then the oldest first; none that joins two who are kept apart."""
    links = kept_links(records)
    apart = [{one, other} for is_merge, one, other in decisions if not is_merge]
    age = sorted(range(len(records)), key=lambda at: (records[at]["registered"], key_of(at)))
    rank = {position: number for number, position in enumerate(age)}
    strength = {}
    for one in range(len(records)):
        for other in range(len(records)):
            if rank[one] < rank[other]:
                shared = [
                    int(RULES[kind]["priority"])
                    for kind in KINDS
                    if kind in links[one] and links[one][kind] == links[other].get(kind)
                ]
                shared += [BY_HAND for row in decisions if row[0] and set(row[1:]) == {one, other}]
                if shared:
                    strength[one, other] = min(shared)
    group = {position: {position} for position in range(len(records))}
    for one, other in sorted(strength, key=lambda pair: (strength[pair], rank[pair[0]], rank[pair[1]])):
        joined = group[one] | group[other]
        if not any(pair <= joined for pair in apart):
            for position in joined:
                group[position] = joined
    return {key_of(position): key_of(min(held, key=rank.__getitem__)) for position, held in group.items()}


def rounds_needed(records, decisions):
    """As many as the slowest chain of links takes, before and after crowded groups lost theirs."""
    links, kept = link_keys(records), kept_links(records)
    for number, (is_merge, *pair) in enumerate(decisions):
        for position in pair if is_merge else ():
            kept[position] = kept[position] | {f"by hand {number}": ("by hand", number)}
    return max(farthest(each, components(len(records), each)) for each in (links, kept))


def kept_links(records):
    """The links of each record after those of crowded groups have left."""
    links = link_keys(records)
    groups = components(len(records), links)
    strongest = min(int(rule["priority"]) for rule in RULES.values())
    kept = {}
    for position in range(len(records)):
        crowded = any(
            len({links[other][kind][1] for other in groups[position] if kind in links[other]})
            > int(RULES[kind]["maximum_per_member"])
            for kind in KINDS
        )
        kept[position] = {
            kind: link
            for kind, link in links[position].items()
            if not crowded or int(RULES[kind]["priority"]) == strongest
        }
    return kept


@settings(max_examples=15)
@given(
    records=st.lists(record, min_size=MOST, max_size=MOST),
    decisions=st.lists(st.tuples(st.booleans(), pairs), min_size=1, max_size=5),
    order=st.randoms(use_true_random=False),
)
def test_kept_apart_share_no_member_and_every_other_link_stays(linkage, records, decisions, order):
    connection, rounds = linkage
    decisions = [(is_merge, *pair) for is_merge, pair in decisions]
    assume(rounds_needed(records, decisions) <= rounds)
    deliver(connection, [(DAY, position, one) for position, one in enumerate(records)])
    decide(connection, [(*row, DAY, None) for row in decisions])
    found = members(connection)

    for is_merge, one, other in decisions:
        assert is_merge or found[key_of(one)] != found[key_of(other)]
    assert found == kruskal(records, decisions)
    order.shuffle(decisions)
    decide(connection, [(is_merge, other, one, DAY, None) for is_merge, one, other in decisions])
    assert members(connection) == found


@pytest.fixture(scope="module")
def make_ledger(chain, linkage):
    """Makes the ledger of what is delivered and decided, as a table."""
    connection, _ = linkage
    codes = {model["name"]: model["compiled_code"] for model in chain.models}

    def make():
        connection.execute("create schema if not exists kept")
        for name in ("records", "links", "members", "states", "history", "ledger"):
            model = "fct_identity_ledger" if name == "ledger" else f"int_identity__{name}"
            code = codes[model]
            for other in made:
                code = code.replace(f'"core"."{other}"', f'"kept"."{other}"')
            connection.execute(f"create or replace table kept.{model} as {code}")
            made.append(model)

    made: list[str] = []
    return make


def ledger_on(connection, day):
    """Member key by record key, as the ledger has it on a day."""
    rows = connection.execute(
        "select record_key, member_key from kept.fct_identity_ledger where began_on <= $1 and $1 < ended_on",
        [day],
    ).fetchall()
    assert len(rows) == len(dict(rows))
    return dict(rows)


days = st.integers(0, 2).map(lambda number: DAY + timedelta(days=number))
nobody = dict.fromkeys([*KINDS, "name"]) | {"registered": 1}


@settings(max_examples=8)
@given(
    told=st.lists(st.tuples(days, st.integers(0, 4), record), min_size=2, max_size=9),
    decisions=st.lists(
        st.tuples(st.booleans(), st.integers(0, 4), st.integers(0, 4), days, st.none() | days), max_size=3
    ),
)
@example(  # merged on the second day, kept apart on the third, together again on the fourth
    told=[(DAY, 0, nobody | {"card": "w"}), (DAY + timedelta(days=1), 1, nobody | {"card": "w"})],
    decisions=[(False, 0, 1, DAY + timedelta(days=2), DAY + timedelta(days=3))],
)
def test_the_ledger_tells_of_each_day_what_the_linkage_would_have_said_on_it(
    linkage, make_ledger, told, decisions
):
    connection, _ = linkage
    registered = {position: one["registered"] for _, position, one in told}
    told = [
        (day, position, one | {"registered": registered[position]})
        for (day, position), one in {(day, position): one for day, position, one in told}.items()
    ]
    decisions = [row for row in decisions if row[1] != row[2] and (row[4] is None or row[3] < row[4])]
    deliver(connection, told)
    decide(connection, decisions)
    make_ledger()
    ledger = {DAY + timedelta(days=number): ledger_on(connection, DAY + timedelta(days=number))
              for number in range(4)}  # fmt: skip
    assert ledger[DAY + timedelta(days=3)] == members(connection)

    for day, on_it in ledger.items():
        deliver(connection, [row for row in told if row[0] <= day])
        decide(
            connection,
            [(*row[:4], None) for row in decisions if row[3] <= day and (row[4] is None or day < row[4])],
        )
        assert on_it == members(connection), f"on {day}"
