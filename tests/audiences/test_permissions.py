"""Permission over random consent events, against the rule read slowly, on every day.

The newest event decides, a withdrawal among events of the same moment, and a withdrawal is everybody's who is
reached under the same contact point; without an event there is no permission.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

MODEL = "fct_contact_permission"
INPUTS = (
    "stg_chain__consents",
    "int_identity__members",
    "int_identity__records",
    "stg_chain__touches",
    "int_contact_points",
    "fct_touch",
    "int_unreadable_consents",
)
SEEDS = ("export_addresses", "campaign_settings")
FIRST = datetime(2025, 1, 1)
DAYS, MEMBERS = 5, (1, 2, 3)
# What a member is reached under, by channel.
CHANNELS = {"sms": "phone", "email": "email"}

# A minute of one of two hours of a day, so that moments meet.
moments = st.builds(
    lambda day, hour: FIRST + timedelta(days=day, hours=hour),
    st.integers(0, DAYS - 1),
    st.integers(8, 9),
)
events = st.lists(
    st.fixed_dictionaries(
        {
            "member_key": st.sampled_from(MEMBERS),
            "channel": st.sampled_from(sorted(CHANNELS)),
            "is_granted": st.booleans(),
            "happened_at": moments,
        }
    ),
    max_size=8,
)
# Whose contact point each member is reached under, by channel: a member's own, or one that others share.
points = st.fixed_dictionaries(
    {
        (member, channel): st.sampled_from(["one", "two", f"own {member}"])
        for member in MEMBERS
        for channel in CHANNELS
    }
)
histories = st.tuples(events, points)


class Permitting:
    """The model over tables of one's own."""

    def __init__(self, connection, chain):
        self.connection = connection
        models = {model["name"]: model for model in chain.models}
        self.code = models[MODEL]["compiled_code"]
        self.tables = {name: f"{models[name]['schema']}.{name}" for name in INPUTS}
        for schema in ("staging", "core", "seeds"):
            connection.execute(f"create schema {schema}")
        connection.execute(f"attach '{chain.build.file}' as built (read_only)")
        for seed in SEEDS:
            connection.execute(f"create table seeds.{seed} as from built.seeds.{seed}")
        connection.execute("detach built")
        for name, table in self.tables.items():
            columns = ", ".join(
                f"{column} {spec['data_type']}" for column, spec in models[name]["columns"].items()
            )
            connection.execute(f"create table {table} ({columns})")
        records = [
            {"source": "chain", "system": "pos", "member_id": str(key), "record_key": key} for key in MEMBERS
        ]
        self.add("int_identity__records", records)
        self.add("int_identity__members", [{**each, "member_key": each["record_key"]} for each in records])

    def of(self, history, fault=None):
        """Member, channel and day: whether contact is allowed; absent where nothing was ever said."""
        drawn, reached = history
        self.connection.execute("begin")
        try:
            self.add(
                "stg_chain__consents",
                [
                    {
                        "source": "chain",
                        "system": "pos",
                        "member_id": str(event["member_key"]),
                        "channel": event["channel"],
                        "purpose": "marketing",
                        "is_granted": event["is_granted"],
                        "happened_at": event["happened_at"],
                        "happened_on": event["happened_at"].date(),
                        "reported_on": event["happened_at"].date(),
                    }
                    for event in drawn
                ],
            )
            self.add(
                "int_contact_points",
                [
                    {
                        "member_key": member,
                        "identifier_type": CHANNELS[channel],
                        "contact_point": f"{channel} {point}",
                        "replaced_on": date(9999, 12, 31),
                        "is_link": False,
                    }
                    for (member, channel), point in reached.items()
                ],
            )
            query = self.code
            if fault:
                assert fault[0] in query, f"{MODEL} does not say: {fault[0]}"
                query = query.replace(*fault)
            rows = self.connection.execute(
                f"select member_key, channel, changed_on, next_on, is_allowed from ({query})"
            ).fetchall()
        finally:
            self.connection.execute("rollback")
        days = [(FIRST + timedelta(days=day)).date() for day in range(DAYS)]
        found = {}
        for member, channel, changed_on, next_on, is_allowed in rows:
            for day in days:
                if changed_on <= day < next_on:
                    assert (member, channel, day) not in found, "one permission a day"
                    found[member, channel, day] = is_allowed
        return found

    def add(self, table, rows):
        if rows:
            self.connection.register("drawn", pa.Table.from_pylist(rows))
            self.connection.execute(f"insert into {self.tables[table]} by name from drawn")
            self.connection.unregister("drawn")


def read_slowly(history):
    """The same, event by event."""
    drawn, reached = history
    found = {}
    for member in MEMBERS:
        for channel in CHANNELS:
            for number in range(DAYS):
                day = (FIRST + timedelta(days=number)).date()
                known = [
                    (event["happened_at"], event["is_granted"])
                    for event in drawn
                    if event["channel"] == channel
                    and event["happened_at"].date() <= day
                    and (
                        event["member_key"] == member
                        or (
                            not event["is_granted"]
                            and reached[event["member_key"], channel] == reached[member, channel]
                        )
                    )
                ]
                if known:
                    newest = max(moment for moment, _ in known)
                    found[member, channel, day] = all(
                        granted for moment, granted in known if moment == newest
                    )
    return found


@pytest.fixture(scope="module")
def permitting(chain):
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("attach ':memory:' as rekindle; use rekindle")
        yield Permitting(connection, chain)


def test_permission_is_the_one_of_the_rule_read_slowly(permitting):
    @settings(max_examples=60, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(histories)
    def holds(history):
        assert permitting.of(history) == read_slowly(history)

    holds()


@pytest.mark.parametrize(
    "fault",
    [
        ("not events.is_granted", "events.is_granted"),
        ("withdrawn.contact_point = sharing.contact_point", "false"),
        ("min(case when is_granted", "max(case when is_granted"),
        ("order by happened_at desc", "order by happened_at"),
    ],
    ids=["grants are shared", "nothing is shared", "a grant wins a tie", "the oldest of a day decides"],
)
def test_a_broken_rule_is_found(permitting, fault):
    differing = lambda history: permitting.of(history, fault) != read_slowly(history)  # noqa: E731
    try:
        find(
            histories,
            differing,
            settings=settings(
                max_examples=400, phases=[Phase.generate], derandomize=True,
                suppress_health_check=list(HealthCheck), database=None,
            ),
        )  # fmt: skip
    except NoSuchExample:
        pytest.fail("no history shows the difference")
