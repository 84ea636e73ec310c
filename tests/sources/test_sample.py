"""The sample chain: the same seed gives the same chain, it keeps its contract, what was planted shows."""

from __future__ import annotations

import json
from datetime import date

import duckdb
import pytest
import yaml

from orchestration.core.errors import InputFault
from orchestration.project import SEEDS_DIR, STAGING_DIR
from orchestration.sources.sample import AS_CSV, NOT_DELIVERED, Effort, Lives, live_on, simulate
from orchestration.sources.sample.touching import TOUCH_EFFECTS

UNTIL = date(2025, 12, 28)
MEMBERS = 1000
CONTRACT = yaml.safe_load((STAGING_DIR / "chain" / "chain__sources.yml").read_text(encoding="utf-8"))
# Nobody buys as a guest, and lines and refunds are of the one system that numbers all orders.
LEFT_OUT = {"orders": ("phone", "email"), "order_items": ("system",), "refunds": ("system",)}
# Whole numbers, of which a load makes the contract's texts.
NUMBERED = (
    "order_id",
    "refund_id",
    "event_id",
    "touch_id",
    "coupon_id",
    "entry_id",
    "ticket_id",
    "consent_id",
)


def is_delivered(table, column):
    return column not in NOT_DELIVERED and column not in LEFT_OUT.get(table, ())


TABLES = {
    table["name"]: table
    | {"columns": [each for each in table["columns"] if is_delivered(table["name"], each["name"])]}
    for table in CONTRACT["sources"][0]["tables"]
}
KEYS = {
    name: ", ".join(each for each in table["config"]["meta"]["key"] if is_delivered(name, each))
    for name, table in TABLES.items()
}


class Chain:
    """One simulated chain on disk."""

    def __init__(self, root, members, seed, threads=None):
        self.landing, self.truth, self.said = root / "landing", root / "truth", []
        self.rows = simulate(
            self.landing,
            self.truth,
            Lives(members, seed),
            effort=Effort(threads=threads),
            say=self.said.append,
        )
        self.con = duckdb.connect()
        for table, contract in TABLES.items():
            files = f"{self.landing}/chain/{table}/*/part-*"
            if next(self.landing.glob(f"chain/{table}/*/part-*")).suffix == ".csv":
                types = {column["name"]: column["data_type"] for column in contract["columns"]}
                reader = f"read_csv('{files}', columns = {types!r}, hive_partitioning = false)"
            else:
                reader = f"read_parquet('{files}', hive_partitioning = false)"
            self.con.execute(f"create view {table} as select * from {reader}")
        for path in self.truth.glob("*.parquet"):
            self.con.execute(f"create view true_{path.stem} as select * from '{path}'")
        # Clean of the planted dirt.
        self.con.execute(
            "create view clean_orders as select distinct * from orders "
            "where net_amount >= 0 and channel <> 'kiosk'"
        )

    def all(self, query):
        return self.con.execute(query).fetchall()

    def one(self, query):
        return self.all(query)[0][0]

    def content(self, table):
        """A table's rows as one number that does not depend on their order."""
        return self.all(f"select count(*), sum(hash(rowset)::hugeint) from {table} as rowset")


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    return Chain(tmp_path_factory.mktemp("chain"), MEMBERS, seed=7)


def test_the_same_seed_gives_the_same_chain_with_any_number_of_threads(tmp_path):
    one = Chain(tmp_path / "one", 400, seed=3, threads=1)
    two = Chain(tmp_path / "two", 400, seed=3, threads=4)

    for table in [*TABLES, "true_persons", "true_member_records", "true_caused_orders", "true_dirt"]:
        assert one.content(table) == two.content(table), table


def test_delivered_in_two_parts_the_newest_rows_are_those_of_one_delivery(tmp_path):
    lives, cut = Lives(400, seed=3), date(2025, 11, 23)
    whole = Chain(tmp_path / "whole", 400, seed=3)
    landing, truth = tmp_path / "parts" / "landing", tmp_path / "parts" / "truth"
    first = simulate(landing, truth, lives, cut)
    second = live_on(landing, truth, tmp_path / "exports", tmp_path / "ledger")

    assert 0 < second["orders"] < 0.1 * first["orders"]
    assert second["receipts"] == 0
    for table in TABLES.keys() - set(AS_CSV):
        key = KEYS[table]
        newest = f"""
            select * exclude (delivered)
            from read_parquet('{landing}/chain/{table}/*/part-*', hive_partitioning = true)
            qualify row_number() over (partition by {key} order by delivered desc) = 1
        """
        once = f"select distinct on ({key}) * from {table}"
        assert whole.all(f"({newest}) except ({once})") == [], table
        assert whole.all(f"({once}) except ({newest})") == [], table
    for name in ("dirt", "caused_orders", "persons"):
        assert whole.all(f"from true_{name} except from '{truth}/{name}.parquet'") == [], name


def test_nothing_of_a_later_day_is_delivered_before(tmp_path):
    simulate(tmp_path / "landing", tmp_path / "truth", Lives(400, seed=3), date(2025, 11, 23))

    for table, columns in {
        "orders": "ordered_at",
        "events": "happened_at",
        "touches": "planned_at opened_at clicked_at followed_up_at unsubscribed_at complained_at blocked_at",
        "refunds": "refunded_at",
        "tickets": "opened_at resolved_at",
        "points": "happened_at",
        "coupons": "issued_at redeemed_at",
        "consents": "happened_at",
        "members": "registered_at updated_at",
        "stock": "counted_on",
    }.items():
        for column in columns.split():
            (last,) = duckdb.sql(
                f"select max(cast({column} + interval 8 hour as date)) "
                f"from '{tmp_path}/landing/chain/{table}/*/*.parquet'"
            ).fetchall()[0]
            assert last <= date(2025, 11, 23), (table, column)


def test_a_day_that_is_delivered_or_not_lived_is_refused(tmp_path):
    landing, truth = tmp_path / "landing", tmp_path / "truth"
    with pytest.raises(InputFault, match="knows of no sample"):
        live_on(landing, truth, tmp_path, tmp_path)
    with pytest.raises(InputFault, match="lives end on 2025-12-28"):
        simulate(landing, truth, Lives(10), date(2025, 12, 29))
    simulate(landing, truth, Lives(10), date(2025, 12, 21))

    for day in (date(2025, 12, 21), date(2025, 12, 29)):
        with pytest.raises(InputFault, match=f"{day} cannot be delivered"):
            live_on(landing, truth, tmp_path, tmp_path, day)


def test_another_seed_gives_another_chain(chain, tmp_path):
    other = Chain(tmp_path, 400, seed=8)
    small = Chain(tmp_path / "same size", 400, seed=7)

    for table in ("members", "orders", "order_items", "events", "touches", "consents"):
        assert other.content(table) != small.content(table), table


@pytest.mark.parametrize("table", TABLES)
def test_a_table_has_the_columns_of_the_contract_in_its_types_but_numbers_for_ids(chain, table):
    delivered = [(name, kind.lower()) for name, kind, *_ in chain.all(f"describe {table}")]

    assert delivered == [
        (column["name"], "bigint" if column["name"] in NUMBERED else column["data_type"])
        for column in TABLES[table]["columns"]
    ]


@pytest.mark.parametrize("table", TABLES)
def test_keys_are_unique_but_for_the_planted_duplicates(chain, table):
    rows, keys = chain.all(f"select count(*), count(distinct ({KEYS[table]})) from {table}")[0]
    planted = chain.one(
        f"select coalesce(sum(rows), 0) from true_dirt "
        f"where table_name = '{table}' and kind = 'exact_duplicate'"
    )

    assert rows == chain.rows[table] > 0
    assert rows - keys == planted


@pytest.mark.parametrize("table", TABLES)
def test_codes_ranges_and_required_columns_hold_but_for_the_planted_dirt(chain, table):
    faults = {}
    for column in TABLES[table]["columns"]:
        meta, name = column.get("config", {}).get("meta", {}), column["name"]
        tests = []
        if meta.get("required"):
            tests.append(f"{name} is null")
        if "allowed" in meta:
            tests.append(f"{name} not in {tuple(meta['allowed'])!r}")
        if "min" in meta:
            tests.append(f"{name} < {meta['min']}")
        if "max" in meta:
            tests.append(f"{name} > {meta['max']}")
        if tests:
            faults[name] = chain.one(f"select count_if({' or '.join(tests)}) from {table}")
    dirt = dict(chain.all(f"select kind, rows from true_dirt where table_name = '{table}'"))
    expected = {
        "orders": {"net_amount": dirt.get("negative_amount"), "channel": dirt.get("unknown_code")},
        "events": {"member_id": dirt.get("empty_member"), "event_type": dirt.get("unknown_code")},
    }

    assert {name: count for name, count in faults.items() if count} == expected.get(table, {})


def test_about_one_row_in_a_thousand_of_orders_and_events_is_dirty(chain):
    for table in ("orders", "events"):
        dirty = chain.one(f"select sum(rows) from true_dirt where table_name = '{table}'")
        assert 0.0004 < dirty / chain.rows[table] < 0.002


def test_both_ways_of_delivering_are_used(chain):
    kinds = {path.suffix for path in chain.landing.glob("chain/*/*/part-*")}

    assert kinds == {".csv", ".parquet"}
    for manifest in chain.landing.glob("chain/*/*/manifest.json"):
        content = json.loads(manifest.read_text())
        assert sum(file["rows"] for file in content["files"]) == chain.rows[content["table"]]


def test_the_deliveries_are_not_overwritten(chain):
    with pytest.raises(InputFault, match="immutable"):
        simulate(chain.landing, chain.truth, Lives(400))

    assert not list(chain.landing.glob(".*")), "nothing half made stays behind"


@pytest.mark.parametrize("wrong", [{"members": 0}, {"members": 3_000_000}, {"members": 10, "years": 4}])
def test_an_impossible_sample_is_refused_before_anything_is_written(tmp_path, wrong):
    with pytest.raises(InputFault):
        simulate(tmp_path / "landing", tmp_path / "truth", Lives(**wrong))

    assert not list(tmp_path.iterdir())


def test_a_chain_of_one_member_can_be_made(tmp_path):
    rows = simulate(tmp_path / "landing", tmp_path / "truth", Lives(1))

    assert rows["members"] >= 1
    assert set(rows) == set(TABLES)


def test_progress_names_every_table(chain):
    for table in TABLES:
        assert any(line.startswith(f"chain.{table}: ") for line in chain.said), table


# The members ------------------------------------------------------------------------------------------------


def test_every_member_record_has_a_true_person(chain):
    assert (
        chain.one("select count(*) from members anti join true_member_records using (system, member_id)") == 0
    )
    assert chain.one("select count(distinct person) from true_member_records") == MEMBERS
    assert chain.one("select count(*) from true_persons") == MEMBERS


def test_about_one_record_in_eight_is_a_copy_in_another_system(chain):
    assert chain.one("select avg(cast(copy > 0 as int)) from true_member_records") == pytest.approx(
        0.12, abs=0.03
    )
    assert chain.one("select count(*) - count(distinct (person, system)) from true_member_records") == 0


def test_every_copy_shares_an_identifier_with_the_first_record(chain):
    unlinked = chain.all(
        """
        with known as (
            select person, copy, linked_by,
                right(regexp_replace(phone, '[^0-9]', '', 'g'), 11) as phone,
                lower(trim(email)) as email,
                union_id,
                card_number,
            from members join true_member_records using (system, member_id)
        )
        select copies.linked_by
        from known as copies
        join known as firsts using (person)
        where copies.copy > 0 and firsts.copy = 0
            and coalesce(copies.phone = firsts.phone, false) = false
            and coalesce(copies.email = firsts.email, false) = false
            and coalesce(copies.union_id = firsts.union_id, false) = false
            and coalesce(copies.card_number = firsts.card_number, false) = false
        """
    )

    assert unlinked == []
    kinds = chain.one("select count(distinct linked_by) from true_member_records")
    assert kinds == 5


def test_identifiers_are_written_in_more_than_one_way(chain):
    assert chain.one("select count_if(phone like '+86%') from members") > 0
    assert chain.one("select count_if(phone like '% %') from members") > 0
    assert chain.one("select count_if(email <> lower(email)) from members") > 0
    assert chain.one("select count_if(full_name is null) from members") > 0
    assert chain.one("select count_if(phone in ('13800000000', '00000000000')) from members") > 3


def test_families_share_a_phone_under_different_names(chain):
    families = chain.all(
        """
        select family, count(distinct person), count(distinct full_name)
        from members
        join true_member_records using (system, member_id)
        join true_persons using (person)
        where family is not null and copy = 0
        group by family
        """
    )

    assert len(families) > MEMBERS / 64
    assert all(names == persons for _, persons, names in families)
    shared = chain.one(
        """
        select count(*) from (
            select right(regexp_replace(phone, '[^0-9]', '', 'g'), 11) as number
            from members
            join true_member_records using (system, member_id)
            join true_persons using (person)
            where family is not null and copy = 0
            group by number
            having count(distinct family) = 1 and count(distinct person) > 1
        )
        """
    )
    assert shared == len(families)


def test_phone_numbers_belong_to_nobody(chain):
    strangers = chain.one(
        """
        select count(*) from members
        where right(regexp_replace(phone, '[^0-9]', '', 'g'), 11)
            not similar to '(142|143)[0-9]{8}|13800000000|00000000000'
        """
    )
    assert strangers == 0


# Their lives ------------------------------------------------------------------------------------------------


def test_gaps_between_purchase_days_follow_the_planted_cycle(chain):
    ratio = chain.one(
        """
        with days as (
            select distinct person, cast(ordered_at + interval 8 hour as date) as day
            from clean_orders
            join true_member_records using (system, member_id)
            where order_id not in (select order_id from true_caused_orders)
        ),
        gaps as (
            select person, count(*) as days, (max(day) - min(day)) / (count(*) - 1) as mean_gap
            from days group by person having count(*) > 12
        )
        select avg(mean_gap / cycle_days) from gaps join true_persons using (person) where paused_from is null
        """
    )
    assert ratio == pytest.approx(1, abs=0.07)


def test_nobody_buys_on_their_own_account_after_dropping_out(chain):
    late = chain.one(
        """
        select count(*)
        from clean_orders
        join true_member_records using (system, member_id)
        join true_persons using (person)
        where cast(ordered_at + interval 8 hour as date) > dropout_on
            and order_id not in (select order_id from true_caused_orders)
        """
    )
    assert late == 0
    assert 0.2 < chain.one("select avg(cast(dropout_on is not null as int)) from true_persons") < 0.5


def test_nothing_happens_before_registration_or_after_the_last_day(chain):
    assert (
        chain.one(
            "select count(*) from clean_orders join members using (system, member_id) "
            "where ordered_at < registered_at"
        )
        == 0
    )
    for table, column in {
        "orders": "ordered_at",
        "events": "happened_at",
        "touches": "greatest(planned_at, opened_at, clicked_at, followed_up_at, blocked_at)",
        "refunds": "refunded_at",
        "tickets": "greatest(opened_at, resolved_at)",
        "points": "happened_at",
        "coupons": "greatest(issued_at, redeemed_at)",
        "consents": "happened_at",
        "members": "greatest(registered_at, updated_at)",
    }.items():
        last = chain.one(f"select max(cast({column} + interval 8 hour as date)) from {table}")
        assert last <= UNTIL, table


def test_an_order_is_the_sum_of_its_lines(chain):
    wrong = chain.one(
        """
        with lines as (
            select
                order_id,
                sum(net_amount) as net,
                sum(discount_amount) as discount,
                sum(cost_amount) as cost,
            from order_items
            group by order_id
        )
        select count(*) from clean_orders full join lines using (order_id)
        where net is distinct from net_amount or discount is distinct from discount_amount
            or cost is distinct from cost_amount or gross_amount <> net_amount + discount_amount
        """
    )
    assert wrong == 0


def test_a_few_orders_have_no_member_and_a_few_members_no_order(chain):
    assert chain.one("select avg(cast(member_id is null as int)) from clean_orders") == pytest.approx(
        0.04, abs=0.01
    )
    prospects = chain.one(
        """
        select count(*) / (select count(*) from true_persons) from true_persons
        where person not in (
            select person from clean_orders join true_member_records using (system, member_id)
        )
        """
    )
    assert 0.04 < prospects < 0.14


def test_promotions_draw_orders_and_open_messages(chain):
    inside, outside = (
        chain.one(
            f"""
            select count(*) / count(distinct day) from (
                select cast(ordered_at + interval 8 hour as date) as day from clean_orders
            ) as days
            where {condition} (
                select * from read_csv('{SEEDS_DIR}/calendar/promotions.csv')
                where day between starts_on and ends_on
            )
            """
        )
        for condition in ("exists", "not exists")
    )
    assert inside > 1.3 * outside
    opened = dict(
        chain.all(
            """
            select campaign_code like '%\\_202_' escape '\\', count(opened_at) / count(delivered_at)
            from touches where channel <> 'call' group by 1
            """
        )
    )
    assert 0.02 < opened[False] < 0.07
    assert 0.15 < opened[True] < 0.30


def test_points_accounts_never_go_below_zero(chain):
    lowest = chain.one(
        """
        select min(balance) from (
            select sum(points) over (
                partition by system, member_id order by happened_at, entry_id rows unbounded preceding
            ) as balance
            from points
        )
        """
    )
    assert lowest >= 0


def test_redeemed_coupons_point_to_discounted_orders_of_the_same_member(chain):
    assert chain.one("select count(redeemed_at) from coupons") > 0
    wrong = chain.one(
        """
        select count(*) from coupons
        left join clean_orders using (order_id)
        where redeemed_at is not null and (
            clean_orders.member_id is distinct from coupons.member_id or discount_amount < face_amount
            or redeemed_at <> ordered_at or redeemed_at > expires_at
        )
        """
    )
    assert wrong == 0


@pytest.mark.parametrize(
    ("table", "column"),
    [("orders", "store_id"), ("events", "store_id"), ("stock", "store_id"), ("members", "home_store_id")],
)
def test_stores_are_known(chain, table, column):
    assert chain.one(f"select count(*) from {table} where {column} not in (select store_id from stores)") == 0


@pytest.mark.parametrize("table", ["orders", "events", "touches", "coupons", "points", "tickets", "consents"])
def test_members_are_known(chain, table):
    strangers = chain.one(
        f"select count(*) from {table} anti join members using (system, member_id) "
        "where member_id is not null"
    )
    assert strangers == 0


# What was planted -------------------------------------------------------------------------------------------


def of_dropouts(chain, measure, window):
    """A measure of each person who dropped out, averaged by cause: {cause: mean}."""
    return dict(
        chain.all(
            f"""
            with people as (
                select * from true_persons join true_member_records using (person)
                where dropout_on is not null
            ),
            measured as (
                select cause_of_silence, {measure} as measure
                from people {window}
                group by person, cause_of_silence
            )
            select cause_of_silence, avg(measure) from measured where cause_of_silence is not null group by 1
            """
        )
    )


def only_high(means, cause):
    return all(means[cause] > 2 * (mean or 0) for other, mean in means.items() if other != cause)


def test_a_bad_experience_stands_in_tickets_before_the_silence(chain):
    means = of_dropouts(
        chain,
        "count(ticket_id)",
        """left join tickets on people.system = tickets.system and people.member_id = tickets.member_id
            and rating <= 2 and opened_at > dropout_on - interval 90 day""",
    )
    assert only_high(means, "bad_experience")


def test_a_competitor_stands_in_the_searches_before_the_silence(chain):
    means = of_dropouts(
        chain,
        "count(event_id)",
        """left join events on people.system = events.system and people.member_id = events.member_id
            and is_competitor and happened_at > dropout_on - interval 60 day""",
    )
    assert only_high(means, "competitor")


def test_touch_fatigue_stands_in_the_number_of_touches_before_the_silence(chain):
    means = of_dropouts(
        chain,
        "count(touch_id)",
        """left join touches on people.system = touches.system and people.member_id = touches.member_id
            and planned_at between dropout_on - interval 90 day and dropout_on""",
    )
    assert only_high(means, "touch_fatigue")


def test_those_not_reached_have_undelivered_touches(chain):
    means = of_dropouts(
        chain,
        "count(sent_at) - count(delivered_at)",
        """left join touches on people.system = touches.system and people.member_id = touches.member_id
            and planned_at > dropout_on - interval 120 day""",
    )
    assert only_high(means, "not_reached")


def test_an_unattractive_benefit_is_opened_and_never_redeemed(chain):
    means = of_dropouts(
        chain,
        "count(opened_at) / nullif(count(delivered_at), 0)",
        "join touches on people.system = touches.system and people.member_id = touches.member_id",
    )
    redeemed = of_dropouts(
        chain,
        "count(redeemed_at)",
        "join coupons on people.system = coupons.system and people.member_id = coupons.member_id",
    )
    assert means["benefit_unattractive"] > 1.5 * means["unknown"]
    assert redeemed["benefit_unattractive"] == 0 < redeemed["unknown"]


@pytest.mark.parametrize(
    ("cause", "trace"),
    [
        (
            "competitor",
            "select person from people join events using (system, member_id) "
            "where is_competitor and happened_at > dropout_on - interval 60 day",
        ),
        (
            "touch_fatigue",
            "select person from people join touches using (system, member_id) "
            "where sent_at between dropout_on - interval 60 day and dropout_on + interval 30 day "
            "group by person having count(*) >= 14",
        ),
    ],
)
def test_some_who_leave_show_the_trace_of_a_cause_that_is_not_theirs(chain, cause, trace):
    misled = chain.one(
        f"""
        with people as (
            select * from true_persons join true_member_records using (person)
            where dropout_on is not null and first_purchase_on is not null and cause_of_silence <> '{cause}'
        )
        select count(distinct person) filter (person in ({trace})) / count(distinct person) from people
        """
    )
    assert 0.02 < misled < 0.2


def test_uninteresting_content_shows_as_a_falling_opening_rate(chain):
    early, late = (
        of_dropouts(
            chain,
            "count(opened_at) / nullif(count(delivered_at), 0)",
            f"""join touches on people.system = touches.system and people.member_id = touches.member_id
                and planned_at {when}""",
        )["content_uninteresting"]
        for when in ("< dropout_on - interval 150 day", "> dropout_on - interval 30 day")
    )
    assert early > 2 * late


def test_the_effect_of_touches_is_recorded_for_every_stage_and_traced_to_orders(chain):
    effects = dict(chain.all("select stage, effect from true_touch_effects where not is_exported"))

    assert effects == {stage: ordinary for stage, (ordinary, _) in TOUCH_EFFECTS.items()}
    assert effects["silent"] > effects["stable"]
    assert chain.one("select count(*) from true_caused_orders") > 0
    untraced = chain.one(
        """
        select count(*) from true_caused_orders
        left join touches using (touch_id)
        left join clean_orders using (order_id)
        where touches.delivered_at is null or ordered_at is null
            or not ordered_at between planned_at - interval 1 day and planned_at + interval 8 day
        """
    )
    assert untraced == 0


def test_the_cause_is_recorded_for_everyone_who_dropped_out_after_buying(chain):
    missing = chain.one(
        """
        select count(*) from true_persons
        where dropout_on is not null and first_purchase_on is not null and cause_of_silence is null
        """
    )
    assert missing == 0
    assert chain.one("select count(distinct cause_of_silence) from true_persons") == 8
