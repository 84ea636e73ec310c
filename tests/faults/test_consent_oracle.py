"""Who may be contacted after random histories, against what people said, read slowly.

Loader and compiled models are the real ones; the oracle knows what was said, not how it was written down. Its
rules are those of ``docs/audiences.md``: an opt-out holds for everybody who is one person with whom it came
from, for everyone reached under the same address then or since, until a later yes. Every failure names its
seed, the number in the test's name: it is the whole history.
"""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.own_tables import provide_own_tables, schema_of
from orchestration.project import SEEDS_DIR, Home
from orchestration.sources.delivering import deliver
from tests.built import load_chain, set_sources
from tests.faults.consent_histories import CHANNELS, DELIVERIES, PLACEHOLDERS, history, text_of

ASKED = ("fct_contact_permission", "int_contact_channels", "fct_unreadable_consent", "fct_ticket")
# Where faults are planted below, and how the models say it.
PERMISSION, POINTS, REFUSED = "fct_contact_permission", "int_contact_points", "int_unreadable_consents"
HELD = "on events.member_key = withdrawn.member_key"
STILL_HELD = "withdrawn.replaced_on > cast('9000-01-01' as date)"
EARLIER = "least(consents.happened_on, consents.reported_on) as happened_on"
DAYS = [DELIVERIES[0] + timedelta(days=day) for day in range((DELIVERIES[-1] - DELIVERIES[0]).days + 1)]

# What links records of one person, and how many records may hold the same before it links none.
with (SEEDS_DIR / "identity" / "identifiers.csv").open(encoding="utf-8", newline="") as rules:
    MOST = {row["identifier_type"]: int(row["maximum_records"]) for row in csv.DictReader(rules)}
LINKS = {kind: MOST[kind] for kind in ("phone", "email", "union_id")}

CONTACTABLE = """
select records.system, records.member_id, permissions.channel, days.day
from (select unnest($days) as day) as days
inner join core.fct_contact_permission as permissions
    on permissions.changed_on <= days.day and days.day < permissions.next_on
inner join core.int_contact_channels as points using (member_key, channel)
inner join core.int_identity__members as records using (member_key)
where permissions.is_allowed and permissions.purpose = 'marketing'
    and not exists (
        from core.fct_ticket as tickets
        where tickets.member_key = permissions.member_key and tickets.kind = 'complaint'
            and tickets.opened_on <= days.day and days.day < coalesce(tickets.resolved_on, date '9999-12-31')
    )
"""


class Warehouse:
    """The models that say who may be contacted, over loaded histories."""

    def __init__(self, chain, root):
        self.chain, self.root = chain, root
        self.homes, self.found = {}, {}
        by_id = {model["unique_id"]: model for model in chain.models}
        needed, waiting = set(), {name for name, model in by_id.items() if model["name"] in ASKED}
        while waiting:
            needed |= waiting
            waiting = {parent for name in waiting for parent in by_id[name]["depends_on"]["nodes"]}
            waiting = (waiting & by_id.keys()) - needed
        self.models = [model for model in chain.models if model["unique_id"] in needed]

    def loaded(self, seed):
        """The home that a history was delivered to, the folder of its build, and the history."""
        if seed not in self.homes:
            home, drawn = Home(self.root / str(seed)), history(seed)
            for (source, table, day), rows in drawn.rows.items():
                text = text_of(rows)
                deliver(
                    home.landing, source, table, day, lambda to, text=text: (to / "p.csv").write_text(text)
                )
            deliver(
                home.landing, "chain", "orders", date(2024, 1, 1), lambda to: (to / "p.csv").write_text(NONE)
            )
            load_chain(home)
            folder = self.root / f"{seed}_build"
            build = replace(self.chain.build, folder=folder, file=folder / "rekindle.duckdb")
            for place in (home, build):
                provide_own_tables(place)
            planned = [
                dict.fromkeys(schema_of("sealed_touches").names)
                | {
                    "planned_touch_id": touch, "campaign": "news", "campaign_week": date(2025, 1, 6),
                    "ledger_version": 1, "entry_week": date(2025, 1, 6), "member_key": record_key(record),
                    "step_no": 1, "planned_on": date(2025, 1, 7), "channel": channel, "status": "planned",
                }
                for touch, record, channel in drawn.planned
            ]  # fmt: skip
            schema = schema_of("sealed_touches")
            pq.write_table(
                pa.Table.from_pylist(planned, schema=schema),
                build.own_tables / "sealed_touches" / "w.parquet",
            )
            self.homes[seed] = home, folder, drawn
        return self.homes[seed]

    def of(self, seed, fault=None):
        """Who may be contacted on which day, whose record is whose, and refused rows that name nobody."""
        if (seed, fault) not in self.found:
            self.found[seed, fault] = self._built(seed, fault)
        return self.found[seed, fault]

    def _built(self, seed, fault):
        home, folder, drawn = self.loaded(seed)
        model, text, instead = fault or (None, None, None)
        with duckdb.connect(config={"threads": 1}) as connection:
            connection.execute("attach ':memory:' as rekindle; use rekindle")
            set_sources(connection, home, folder)
            connection.execute(f"attach '{self.chain.build.file}' as built (read_only)")
            for schema in ("seeds", *sorted({each["schema"] for each in self.models})):
                connection.execute(f"create schema {schema}")
            for node in self.chain.nodes.values():
                if node["resource_type"] == "seed":
                    connection.execute(
                        f"create table seeds.{node['name']} as from built.seeds.{node['name']}"
                    )
            for each in self.models:
                query = each["compiled_code"]
                if each["name"] == model:
                    assert text in query, f"{model} does not say: {text}"
                    query = query.replace(text, instead)
                kind = "view" if each["config"]["materialized"] == "view" else "table"
                connection.execute(f"create {kind} {each['schema']}.{each['name']} as {query}")
            found = connection.execute(CONTACTABLE, {"days": DAYS}).fetchall()
            members = connection.execute(
                "select system, member_id, member_key from core.int_identity__members"
            )
            member_of = {(system, number): key for system, number, key in members.fetchall()}
            [(nobodys,)] = connection.execute(
                "select count(*) from core.fct_unreadable_consent where members = 0"
            ).fetchall()
        contactable = {((system, number), channel, day) for system, number, channel, day in found}
        return drawn, contactable, member_of, nobodys


NONE = "order_id,channel,ordered_at,status,gross_amount,discount_amount,net_amount\n"


def record_key(record):
    """Key of a record of the chain."""
    return int(hashlib.md5(f"chain:{':'.join(record)}".encode()).hexdigest()[:15], 16)


@pytest.fixture(scope="module")
def warehouse(chain, tmp_path_factory):
    return Warehouse(chain, tmp_path_factory.mktemp("consent"))


def real(kind, value):
    """The value where it can be somebody's."""
    return value if value is not None and value not in PLACEHOLDERS.get(kind, ()) else None


class Slowly:
    """What was said, asked person by person."""

    def __init__(self, drawn, member_of):
        self.drawn, self.member_of = drawn, member_of
        self.person_of = {record: person for person in drawn.people for record in person.records}
        self.holders = Counter(
            (kind, value)
            for record in self.person_of
            for kind in LINKS
            for value in self.had(record, kind, date.min)
        )

    def had(self, record, kind, day):
        """Real values of a kind that a record had on a day or has had since."""
        periods = self.person_of[record].held[record, kind]
        return {real(kind, value) for value, _, until in periods if day < until} - {None}

    def hears(self, said, record, channel):
        """Whether an opt-out is one of this record too, on a channel of its own."""
        day = said.moment.date()
        same_person = self.person_of[said.record] is self.person_of[record] and any(
            self.holders[kind, value] <= most
            for kind, most in LINKS.items()
            for value in self.had(said.record, kind, day) & self.had(record, kind, day)
        )
        kind = CHANNELS[channel]
        same_address = kind is not None and self.had(said.record, kind, day) & self.had(record, kind, day)
        return record == said.record or (not said.is_service and bool(same_person or same_address))

    def said_yes_since(self, said, record, channel, day):
        """Whether the member of the record said yes after it."""
        return any(
            yes.is_granted
            and channel in yes.channels
            and self.member_of[yes.record] == self.member_of[record]
            and yes.moment > said.moment
            and yes.moment.date() <= day
            for yes in self.drawn.said
        )

    def opt_outs(self):
        """Those that name somebody."""
        return [said for said in self.drawn.said if not said.is_granted and not said.is_of_nobody]


def contacted_against_their_word(warehouse, seed, fault=None):
    """Records that may be contacted although they, or whoever shares the address, opted out."""
    drawn, contactable, member_of, _ = warehouse.of(seed, fault)
    slowly = Slowly(drawn, member_of)
    return [
        (f"seed {seed}", said.how, said.record, record, channel, str(day))
        for record, channel, day in sorted(contactable)
        for said in slowly.opt_outs()
        if channel in said.channels
        and said.moment.date() <= day
        and slowly.hears(said, record, channel)
        and not slowly.said_yes_since(said, record, channel, day)
    ]


def silenced_for_nothing(warehouse, seed, fault=None):
    """Records that said yes and have an address, that no opt-out can be about, and may not be contacted."""
    drawn, contactable, member_of, _ = warehouse.of(seed, fault)
    slowly, last = Slowly(drawn, member_of), DAYS[-1]
    ever = {}
    for record in member_of:
        known = {(kind, value) for kind in LINKS for value in slowly.had(record, kind, date.min)}
        ever.setdefault(member_of[record], set()).update(known)
    touched = {member_of[said.record] for said in slowly.opt_outs()}
    faults = []
    for record, member in member_of.items():
        if any(member == other or ever[member] & ever[other] for other in touched):
            continue
        for channel, kind in CHANNELS.items():
            said_yes = any(
                said.is_granted and channel in said.channels and said.record == record for said in drawn.said
            )
            has_address = (
                real(kind, slowly.person_of[record].held[record, kind][-1][0])
                if kind
                else record[0] == "mini_program"
            )
            if said_yes and has_address and (record, channel, last) not in contactable:
                faults.append((f"seed {seed}", record, channel))
    return faults


def reached_under_no_address(warehouse, seed, fault=None):
    """Members that may be contacted on the last day though none of their records has a real address."""
    drawn, contactable, member_of, _ = warehouse.of(seed, fault)
    slowly = Slowly(drawn, member_of)
    having = {
        (member_of[record], channel)
        for record in member_of
        for channel, kind in CHANNELS.items()
        if (kind is None and record[0] == "mini_program")
        or (kind and real(kind, slowly.person_of[record].held[record, kind][-1][0]))
    }
    return [
        (f"seed {seed}", record, channel)
        for record, channel, day in contactable
        if day == DAYS[-1] and (member_of[record], channel) not in having
    ]


def opt_outs_of_nobody_not_counted(warehouse, seed, fault=None):
    """Refused opt-outs in which nobody can be found, against those that are counted."""
    drawn, _, _, nobodys = warehouse.of(seed, fault)
    expected = sum(said.is_of_nobody for said in drawn.said)
    return [] if nobodys == expected else [(f"seed {seed}", nobodys, expected)]


PROPERTIES = (
    contacted_against_their_word,
    silenced_for_nothing,
    reached_under_no_address,
    opt_outs_of_nobody_not_counted,
)


@pytest.mark.parametrize("seed", range(2))
def test_nobody_is_contacted_against_their_word_nor_silenced_for_nothing(warehouse, seed):
    assert {broken.__name__: broken(warehouse, seed) for broken in PROPERTIES} == {
        broken.__name__: [] for broken in PROPERTIES
    }


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 60))
def test_nobody_is_in_many_more_histories(warehouse, seed):
    test_nobody_is_contacted_against_their_word_nor_silenced_for_nothing(warehouse, seed)


FAULTS = [
    (0, contacted_against_their_word, REFUSED, "and told.member_id = ", "and 'nobody' = "),
    (1, contacted_against_their_word, REFUSED, "on refused.planned_touch_id", "on 'none'"),
    (1, contacted_against_their_word, REFUSED, "and refused.touch_id = ", "and -1 = "),
    (0, contacted_against_their_word, REFUSED, "and refused.order_id = ", "and -1 = "),
    (2, contacted_against_their_word, PERMISSION, "touches.complained_on is not null", "false"),
    (9, contacted_against_their_word, PERMISSION, HELD, f"{HELD} and {STILL_HELD}"),
    (9, contacted_against_their_word, PERMISSION, "or (withdrawn.is_link", "or (false"),
    (6, contacted_against_their_word, PERMISSION, EARLIER, "consents.happened_on as happened_on"),
    (0, silenced_for_nothing, POINTS, "and blocked.pseudonym is null", ""),
    (0, silenced_for_nothing, REFUSED, "and told.member_id = ", "and 'nobody' <> "),
    (0, reached_under_no_address, POINTS, "and blocked.pseudonym is null", ""),
    (0, opt_outs_of_nobody_not_counted, REFUSED, "left join named", "inner join named"),
]


def once_for_each_property():
    """The first fault of each property; the others are of the slow suite."""
    first = {broken: number for number, (_, broken, *_) in reversed(list(enumerate(FAULTS)))}
    for number, fault in enumerate(FAULTS):
        yield pytest.param(*fault, marks=() if first[fault[1]] == number else pytest.mark.slow)


@pytest.mark.parametrize(("seed", "broken", "model", "text", "instead"), once_for_each_property())
def test_each_property_is_seen_to_fail(warehouse, seed, broken, model, text, instead):
    assert broken(warehouse, seed, (model, text, instead))


def test_the_placeholders_of_the_histories_are_on_the_list():
    with (SEEDS_DIR / "identity" / "blocked_identifiers.csv").open(encoding="utf-8", newline="") as file:
        listed = {(row["identifier_type"], row["value"]) for row in csv.DictReader(file)}
    assert {(kind, value) for kind, values in PLACEHOLDERS.items() for value in values} <= listed
