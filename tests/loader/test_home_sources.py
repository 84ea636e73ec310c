"""A home's own sources: what source.yml may say, two shops of the same numbers, zones and currencies."""

from __future__ import annotations

import shutil
from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.core.contract import ContractFault
from orchestration.core.errors import InputFault, RekindleError
from orchestration.erasing.deliveries import erase_rows
from orchestration.erasing.unsearched import Unsearched
from orchestration.exports.opt_outs import refuse_unloaded
from orchestration.loader import home_sources, load
from orchestration.loader.contracts import read_contracts
from orchestration.loader.records import FORMAT
from orchestration.project import SECRET_VARIABLE, SEEDS_DIR, STAGING_DIR, Home
from orchestration.readers.deliveries import OrderDays, order_days
from orchestration.readers.status import loads_text
from orchestration.sources.delivering import deliver

DAY = date(2025, 12, 28)
MEMBERS = "system,member_id,registered_at,phone\npos,1,2025-06-01,13911112222\n"
ORDERS = (
    "order_id,system,member_id,channel,ordered_at,status,gross_amount,discount_amount,net_amount,currency\n"
)
RATES = "currency,valid_from,rate,rate_source\n"


class Business:
    """A home with sources, deliveries by hand and rates of its own."""

    def __init__(self, root):
        self.home, self.seeds, self.said = Home(root / "home"), root / "seeds", []
        shutil.copytree(SEEDS_DIR / "sources", self.seeds / "sources")
        self.write(self.seeds / "identity/blocked_identifiers.csv", "identifier_type,value,reason\n")

    @staticmethod
    def write(file, text):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def describe(self, source, text):
        self.write(self.home.sources / source / "source.yml", text)

    def rates(self, lines):
        self.write(self.seeds / "sources/exchange_rates.csv", RATES + lines)

    def contracts(self):
        return read_contracts(STAGING_DIR, self.home)

    def deliver(self, source, orders, members=MEMBERS, on=DAY):
        for table, lines in {"members": members, "orders": ORDERS + orders}.items():
            deliver(
                self.home.landing, source, table, on,
                lambda folder, lines=lines: self.write(folder / "part.csv", lines),
            )  # fmt: skip

    def load(self):
        return load(self.home, self.contracts(), self.said.append, seeds_dir=self.seeds)

    def orders(self, source):
        files = sorted((self.home.loaded / "chain/orders" / source).glob("delivered=2*/*/*.parquet"))
        rows = [row for file in files for row in pq.read_table(file, partitioning=None).to_pylist()]
        return {int(row["order_id"]): row for row in rows}

    def reasons(self, source):
        files = (self.home.quarantine / source / "orders").glob("*/*.parquet")
        return [reason for file in files for reason in pq.read_table(file)["quarantine_reason"].to_pylist()]


@pytest.fixture
def business(tmp_path, monkeypatch):
    monkeypatch.delenv(SECRET_VARIABLE, raising=False)
    return Business(tmp_path)


def order(number, at, amount="10.00", currency=""):
    return f"{number},pos,1,store,{at},completed,{amount},0,{amount},{currency}\n"


# --- what source.yml may say --------------------------------------------------------------------------


def test_a_home_without_sources_has_those_of_the_project(business):
    assert business.contracts().keys() == read_contracts(STAGING_DIR).keys()


def test_a_source_of_the_standard_shape_has_every_table_of_it_under_its_own_name(business):
    business.describe("mine", "contract: chain\ncurrency: USD\ncountry: US\nid_case: lower\n")
    contracts = business.contracts()

    mine, chain = contracts["mine"], contracts["chain"]
    assert [table.name for table in mine.tables] == [table.name for table in chain.tables]
    assert {(table.source, table.place.split("/")[0]) for table in mine.tables} == {("mine", "chain")}
    settings = mine.tables[0].settings
    assert (settings.currency, settings.home_currency, settings.country) == ("USD", "CNY", "US")
    assert (settings.time_zone, settings.is_local, settings.id_case) == ("Asia/Shanghai", False, "lower")


def test_the_settings_of_a_source_of_the_project_are_set_under_its_name(business):
    before = business.contracts()["chain"].tables[0].fingerprint
    business.describe("chain", "contract: chain\ntime_zone: Europe/Berlin\n")
    table = business.contracts()["chain"].tables[0]

    assert (table.settings.time_zone, table.settings.is_local) == ("Europe/Berlin", True)
    assert table.fingerprint != before


@pytest.mark.parametrize(
    ("source", "text", "told"),
    [
        ("mine", "time_zone: Asia/Shanghai", "mine/source.yml: contract is missing; allowed: chain"),
        ("mine", "contract: receipts", "contract is receipts; allowed: chain"),
        ("receipts", "contract: chain", "contract is chain; allowed: receipts"),
        ("mine", "contract: chain\ntime_zone: Beijing", "time_zone is 'Beijing'; allowed: a zone"),
        ("mine", "contract: chain\ntime_zone: 8", "time_zone is 8; allowed: a zone"),
        ("mine", "contract: chain\ncurrency: usd", "currency is 'usd'; allowed: three capital letters"),
        ("mine", "contract: chain\ncountry: China", "country is 'China'; allowed: two capital letters"),
        ("mine", "contract: chain\nid_case: any", "id_case is 'any'; allowed: one of keep, lower, upper"),
        ("mine", "contract: chain\ntimezone: UTC", "unknown word 'timezone'; allowed: "),
        ("mine", "contract: [chain", "is not valid YAML, line"),
        ("mine", "chain", "needs lines such as"),
        ("My-Shop", "contract: chain", "sources/My-Shop: a source is called with lower-case letters"),
        ("rekindle", "contract: chain", "Rekindle's own; choose another"),
    ],
)
def test_what_a_source_may_not_say_is_named_with_what_it_may(business, source, text, told):
    business.describe(source, text)
    with pytest.raises(ContractFault) as fault:
        business.contracts()
    assert told in str(fault.value)


def test_a_folder_without_its_file_is_named(business):
    (business.home.sources / "mine").mkdir(parents=True)
    with pytest.raises(ContractFault, match=r"sources/mine/source.yml: there is no such file"):
        business.contracts()


# --- two shops ----------------------------------------------------------------------------------------


def test_two_shops_of_one_shape_keep_their_rows_apart(business):
    business.describe("mine", "contract: chain\n")
    business.deliver("chain", order(1, "2025-12-01", "10.00"))
    business.deliver("mine", order(1, "2025-12-02", "20.00"))
    summary = business.load()

    assert [business.orders(source)[1]["net_amount"] for source in ("chain", "mine")] == [10, 20]
    assert {row["source"] for row in business.orders("mine").values()} == {"mine"}
    loaded = [each for each in summary.tables if each.status == "loaded"]
    assert {(each.source, each.contract) for each in loaded} == {("chain", "chain"), ("mine", "chain")}


def test_who_is_erased_in_one_shop_stays_in_the_other(business):
    business.describe("mine", "contract: chain\n")
    for source in ("chain", "mine"):
        business.deliver(source, order(1, "2025-12-01"))
    business.load()
    unsearched = Unsearched(business.home)
    erase_rows(business.home, business.contracts(), [("mine", "pos", "1")], [], unsearched)

    assert unsearched.why == {}
    assert [business.orders(source)[1]["member_id"] for source in ("chain", "mine")] == ["1", None]
    vault = business.home.vault / "contacts"
    assert [file.parent.parent.name for file in vault.rglob("*.parquet")] == ["chain"]
    assert business.load().newly_loaded == 0


def test_an_opt_out_that_a_shop_delivered_and_nobody_loaded_stops_exports(business):
    business.describe("mine", "contract: chain\n")
    business.deliver("mine", order(1, "2025-12-01"))
    business.load()
    deliver(business.home.landing, "mine", "consents", DAY, lambda to: business.write(to / "c.csv", "a\n"))

    with pytest.raises(RekindleError, match=r"mine\.consents delivered=2025-12-28"):
        refuse_unloaded(business.home, business.contracts())


def test_rows_of_a_source_that_nobody_describes_any_more_are_named_and_stay(business):
    business.describe("mine", "contract: chain\n")
    business.deliver("chain", order(1, "2025-12-01"))
    business.deliver("mine", order(1, "2025-12-02"))
    business.load()
    (business.home.sources / "mine" / "source.yml").unlink()
    (business.home.sources / "mine").rmdir()
    (business.home.landing / "mine").rename(business.home.root / "elsewhere")

    with pytest.raises(InputFault, match=r"loaded/chain/orders/mine: .*put back sources/mine/source.yml"):
        business.load()
    assert business.orders("mine")


def test_what_an_earlier_version_loaded_is_loaded_anew_where_it_lies_today(business):
    business.deliver("chain", order(1, "2025-12-01"))
    business.load()
    new = business.home.loaded / "chain/orders/chain/delivered=2025-12-28"
    new.rename(business.home.loaded / "chain/orders/delivered=2025-12-28")
    record = business.home.loaded / "chain/orders/delivered=2025-12-28/load.json"
    record.write_text(record.read_text().replace(f'"format": {FORMAT}', '"format": 3'))

    assert business.load().newly_loaded == 1
    assert new.is_dir()
    assert not record.exists()


# --- times --------------------------------------------------------------------------------------------

TIMES = {
    1: "2025-12-28",
    2: "2025-12-28T00:00:00",
    3: "2025-12-28T03:30:00",
    4: "2025-12-28T03:30:00Z",
    5: "2025-12-28 23:30:00-05:00",
    6: "2025-07-01T12:00:00+02:00",
}


@pytest.mark.parametrize(
    ("settings", "third"),
    [
        ("time_zone: America/New_York", datetime(2025, 12, 28, 3, 30)),
        ("time_zone: America/New_York\ntimes_without_offset: utc", datetime(2025, 12, 27, 22, 30)),
    ],
)
def test_a_time_is_the_wall_clock_of_its_source_and_a_date_stays_that_date(business, settings, third):
    business.describe("mine", f"contract: chain\n{settings}\n")
    business.deliver("mine", "".join(order(number, at) for number, at in TIMES.items()))
    business.load()

    assert {number: row["ordered_at"] for number, row in business.orders("mine").items()} == {
        1: datetime(2025, 12, 28),
        2: datetime(2025, 12, 28),
        3: third,
        4: datetime(2025, 12, 27, 22, 30),
        5: datetime(2025, 12, 28, 23, 30),
        6: datetime(2025, 7, 1, 6),
    }


def test_without_a_file_times_are_utc_seen_in_the_business_time_zone(business):
    business.deliver("chain", "".join(order(number, at) for number, at in TIMES.items()))
    business.load()

    orders = business.orders("chain")
    assert orders[1]["ordered_at"] == orders[2]["ordered_at"] == datetime(2025, 12, 28)
    assert orders[3]["ordered_at"] == orders[4]["ordered_at"] == datetime(2025, 12, 28, 11, 30)


def test_types_of_parquet_are_read_the_same_way(business):
    business.describe("mine", "contract: chain\ntime_zone: America/New_York\ntimes_without_offset: utc\n")
    at = datetime(2025, 12, 28, 3, 30)
    columns = {
        "order_id": [1], "system": ["pos"], "member_id": ["1"], "channel": ["store"], "status": ["completed"],
        "gross_amount": [1], "discount_amount": [0], "net_amount": [1],
    }  # fmt: skip
    moments = [
        pa.array([DAY]), pa.array([datetime(2025, 12, 28)], pa.timestamp("ns")),
        pa.array([at], pa.timestamp("ms")), pa.array([at], pa.timestamp("us", "Asia/Tokyo")),
    ]  # fmt: skip

    def write(folder):
        for number, moment in enumerate(moments):
            table = pa.table({**columns, "order_id": [number], "ordered_at": moment})
            pq.write_table(table, folder / f"part-{number}.parquet")

    deliver(business.home.landing, "mine", "orders", DAY, write)
    deliver(business.home.landing, "mine", "members", DAY, lambda to: business.write(to / "m.csv", MEMBERS))
    business.load()

    days = [row["ordered_at"] for _, row in sorted(business.orders("mine").items())]
    assert days == [datetime(2025, 12, 28)] * 2 + [datetime(2025, 12, 27, 22, 30)] * 2


@pytest.mark.parametrize("settings", [None, "time_zone: America/New_York", "time_zone: Pacific/Auckland"])
def test_an_order_of_tomorrow_does_not_count_today_in_any_zone(business, settings):
    if settings:
        business.describe("chain", f"contract: chain\n{settings}\n")
    business.deliver("chain", order(1, "2025-12-28") + order(2, "2025-12-29"))
    business.load()

    found = order_days(business.home, date(2025, 12, 31))
    assert found == OrderDays(date(2025, 12, 28), 1, ("chain.orders pos 2 of 2025-12-29",))


def test_the_zone_of_the_project_is_that_of_sources_that_name_none(business, monkeypatch):
    business.describe("mine", "contract: chain\ntime_zone: Asia/Tokyo\n")
    for source in ("chain", "mine"):
        business.deliver(source, order(1, "2025-12-28") + order(2, "2025-12-28T23:00:00Z"))
    business.load()
    changed = {**home_sources.project_variables(), "business_time_zone": "America/New_York"}
    monkeypatch.setattr(home_sources, "project_variables", lambda: changed)

    assert business.load().newly_loaded == 2
    assert [row["ordered_at"].hour for row in business.orders("chain").values()] == [0, 18]
    assert [row["ordered_at"].day for row in business.orders("mine").values()] == [28, 29]


def test_a_changed_zone_loads_the_source_anew_and_no_other(business):
    business.describe("mine", "contract: chain\ntime_zone: Asia/Tokyo\n")
    business.deliver("chain", order(1, "2025-12-01T10:00:00"))
    business.deliver("mine", order(1, "2025-12-01T10:00:00Z"))
    business.load()
    assert business.orders("mine")[1]["ordered_at"].hour == 19
    business.describe("mine", "contract: chain\ntime_zone: Europe/Berlin\n")

    assert business.load().newly_loaded == 2
    assert business.orders("mine")[1]["ordered_at"].hour == 11


def test_a_month_is_that_of_the_wall_clock_and_no_row_is_lost_between_two(business):
    business.describe("mine", "contract: chain\ntime_zone: America/New_York\n")
    first = "".join(order(day, f"2025-11-{day:02d}T12:00:00Z") for day in range(1, 31))
    business.deliver("mine", first + order(31, "2025-12-01T02:00:00Z") + order(32, "2025-12-01T12:00:00Z"))
    business.load()

    folder = business.home.loaded / "chain/orders/mine/delivered=2025-12-28"
    months = {file.parent.name: pq.read_metadata(file).num_rows for file in folder.glob("*/*.parquet")}
    assert months == {"month=2025-11": 31, "month=2025-12": 1}


def test_months_read_from_row_groups_have_the_rows_that_the_zone_moves_into_them(business):
    """Three months in order of time: the file is read once a month, without what cannot be of it."""
    moments = [
        datetime(2025, month, day, hour, 30)
        for month in (9, 10, 11)
        for day in range(1, 31)
        for hour in (3, 20)
    ]
    rows = len(moments)
    table = pa.table(
        {
            "order_id": list(range(rows)), "channel": ["store"] * rows, "status": ["completed"] * rows,
            "gross_amount": [1] * rows, "discount_amount": [0] * rows, "net_amount": [1] * rows,
            "ordered_at": pa.array(moments, pa.timestamp("us")),
        }
    )  # fmt: skip
    deliver(
        business.home.landing, "chain", "orders", DAY,
        lambda to: pq.write_table(table, to / "part.parquet", row_group_size=10),
    )  # fmt: skip
    deliver(business.home.landing, "chain", "members", DAY, lambda to: business.write(to / "m.csv", MEMBERS))
    business.load()

    folder = business.home.loaded / "chain/orders/chain/delivered=2025-12-28"
    months = {file.parent.name: pq.read_metadata(file).num_rows for file in folder.glob("*/*.parquet")}
    # The evenings of 30 September and 30 November are the next month in Shanghai; October has a day more.
    assert months == {"month=2025-09": 59, "month=2025-10": 61, "month=2025-11": 59, "month=2025-12": 1}


# --- currencies ---------------------------------------------------------------------------------------


def test_an_amount_in_another_currency_is_quarantined_with_a_sentence_until_it_has_a_rate(business):
    business.deliver(
        "chain",
        order(1, "2025-12-01", "10", "USD") + order(2, "2025-12-01") + order(3, "2025-12-01", "5", "dollar"),
    )
    business.load()

    assert sorted(business.orders("chain")) == [2]
    assert sorted(business.reasons("chain")) == [
        "currency USD; this home counts in CNY; add a rate to seeds/sources/exchange_rates.csv",
        "not a currency of three letters",
    ]
    assert "why currency: currency USD; this home counts in CNY" in loads_text(business.home)

    business.rates("USD,2025-01-01,7.105,a bank\n")
    assert business.load().newly_loaded == 1  # the orders; members name no currency
    assert business.orders("chain")[1]["net_amount"] == Decimal("71.05")
    assert business.load().newly_loaded == 0


def test_a_row_is_converted_by_the_rate_of_its_day_as_known_at_delivery(business):
    business.rates("USD,2025-02-01,7,b\nUSD,2025-03-01,8,b\nUSD,2025-12-29,9,b\nJPY,2025-01-01,0.05,b\n")
    business.describe("mine", "contract: chain\ncurrency: USD\n")
    days = ["2025-01-31T10:00:00", "2025-02-28", "2025-03-01", "2025-12-30"]
    rows = [order(number, day, "1.00") for number, day in enumerate(days)]
    business.deliver(
        "mine", "".join(rows) + order(8, days[1], "0.50", " jpy") + order(9, days[1], "3", "CNY")
    )
    business.load()

    assert {number: row["net_amount"] for number, row in business.orders("mine").items()} == {
        1: Decimal("7.00"),
        2: Decimal("8.00"),
        3: Decimal("8.00"),
        8: Decimal("0.03"),  # 0.025, half up
        9: Decimal("3.00"),
    }
    assert business.reasons("mine") == [
        "currency USD has no rate before 2025-02-01; this home counts in CNY; "
        "add a rate to seeds/sources/exchange_rates.csv"
    ]


@pytest.mark.parametrize("line", ["USD,2025-01-01,0,b", "usd,2025-01-01,7,b", 'USD,2025-01-01,"7,1",b'])
def test_a_rate_that_is_none_stops_the_load_and_is_named(business, line):
    business.rates(line + "\n")
    business.deliver("chain", order(1, "2025-12-01", "10", "USD"))

    with pytest.raises(InputFault, match="exchange_rates"):
        business.load()


def test_a_home_says_what_it_counts_in_and_amounts_in_that_stay_as_they_are(business):
    business.write(business.home.sources / "home.yml", "currency: USD\n")
    business.deliver("chain", order(1, "2025-12-01", "9.99", "USD") + order(2, "2025-12-01", "5.00"))
    business.load()

    assert [row["net_amount"] for row in business.orders("chain").values()] == [Decimal("9.99"), 5]
    assert business.reasons("chain") == []


def test_an_amount_that_grows_too_large_is_quarantined_and_not_emptied(business):
    business.rates("KWD,2025-01-01,100000000,b\n")
    business.deliver("chain", order(1, "2025-12-01", "999999999.99", "KWD"))
    business.load()

    assert business.orders("chain") == {}
    assert business.reasons("chain") == ["too large in CNY"]
