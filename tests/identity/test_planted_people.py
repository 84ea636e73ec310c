"""Linkage against the truth that the sample planted: who really is one person."""

from __future__ import annotations

import pytest

from tests.built import MEMBERS


@pytest.fixture(scope="module")
def people(chain):
    """The built warehouse with the planted person beside every member record."""
    with chain.open() as connection:
        connection.execute(
            "create temp table people as select records.record_key, records.member_key, planted.*, "
            "persons.family from core.int_identity__members as records "
            f"inner join '{chain.truth}/member_records.parquet' as planted using (system, member_id) "
            f"inner join '{chain.truth}/persons.parquet' as persons using (person)"
        )
        connection.execute(
            "create temp table pairs as select one.person = other.person as is_person, "
            "one.member_key = other.member_key as is_member, one.family = other.family as is_family "
            "from people as one inner join people as other on one.record_key < other.record_key"
        )
        yield connection


def counted(connection, query):
    return connection.execute(query).fetchone()[0]


def test_linked_pairs_are_one_person_and_persons_are_linked(people):
    linked = counted(people, "select count(*) from pairs where is_member")
    true = counted(people, "select count(*) from pairs where is_person")
    both = counted(people, "select count(*) from pairs where is_member and is_person")

    assert true > 50
    assert both / linked > 0.99
    assert both / true > 0.95


def test_there_are_about_as_many_members_as_people(people):
    members = counted(people, "select count(distinct member_key) from people")

    assert counted(people, "select count(*) from people") > 1.08 * MEMBERS
    assert abs(members - MEMBERS) <= 0.01 * MEMBERS


def test_families_share_a_phone_and_are_not_merged(people):
    shared = counted(
        people,
        "select count(*) from (select identifier from core.int_identity__links inner join people "
        "using (record_key) where identifier_type = 'phone' and family is not null group by identifier "
        "having count(distinct person) > 1)",
    )

    assert shared > 5
    assert counted(people, "select count(*) from pairs where is_family and is_member and not is_person") == 0


def test_placeholders_link_nobody(chain, people):
    typed = (
        f"read_parquet('{chain.home.landing}/chain/members/*/*.parquet', hive_partitioning = false) as typed "
        "inner join people using (system, member_id) "
        "left join core.int_identity__links as links "
        "on people.record_key = links.record_key and links.identifier_type = 'phone'"
    )
    blocked = (
        "core.int_identity__links as links "
        "inner join staging.stg_rekindle__blocked_identifiers as blocked "
        "on links.identifier_type = blocked.identifier_type and links.identifier = blocked.pseudonym"
    )
    # One can be a number and is blocked; the other can be none and has no pseudonym.
    can_be, can_be_none = "typed.phone = '13800000000'", "typed.phone = '00000000000'"

    placeholders = counted(people, f"select count(*) from {typed} where {can_be}")
    nothing = counted(people, f"select count(*) from {typed} where {can_be_none}")
    assert placeholders > 0
    assert nothing > 0
    assert placeholders + nothing > 5
    assert counted(people, f"select count(*) from {blocked}") == placeholders
    assert counted(people, f"select count(*) from {blocked} where link_key is not null") == 0
    assert (
        counted(people, f"select count(*) from {typed} where {can_be_none} and identifier is not null") == 0
    )


def test_every_record_belongs_to_a_member_whose_key_is_that_of_one_of_its_records(people):
    assert counted(people, "select count(*) from core.int_identity__records") == counted(
        people, "select count(*) from core.int_identity__members"
    )
    assert (
        counted(
            people,
            "select count(*) from (select member_key from core.int_identity__members "
            "group by member_key having count(*) filter (where is_anchor and record_key = member_key) <> 1)",
        )
        == 0
    )
