"""Files as shops have them: over a hundred small deliveries, each odd in one way, and how each must end.

Belongs here: the files, the end each must have, what came of it in words.
Does not: running them (``test_corpus.py``), damage done on purpose to a home (``broken_homes.py``).
"""

from __future__ import annotations

import gzip
import io
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

DELIVERED_ON = date(2025, 12, 28)
MEMBERS = (
    "system,member_id,registered_at,phone,email\n"
    "pos,a1,2025-01-01,13911112222,li@shop.example\n"
    "pos,a2,2025-01-01,,\n"
)
HEADER = "order_id,system,member_id,channel,ordered_at,status,gross_amount,discount_amount,net_amount"
GOOD = "1,pos,a1,store,2025-12-01T10:00:00+08:00,completed,60.00,0,60.00"


def order(number: object = 2, **other: object) -> str:
    """A sound line of orders with some cells changed."""
    cells = {
        "order_id": number, "system": "pos", "member_id": "a2", "channel": "store",
        "ordered_at": "2025-12-02T10:00:00+08:00", "status": "completed", "gross_amount": "10.00",
        "discount_amount": "0", "net_amount": "10.00",
    }  # fmt: skip
    return ",".join(str(cell) for cell in (cells | other).values())


def lines(*rows: str, header: str = HEADER, end: str = "\n") -> bytes:
    """A file of orders: the header, a sound line, then these."""
    return end.join([header, GOOD, *rows, ""]).encode()


def member(number: object = "b1", phone: str = "", email: str = "", at: str = "2025-02-01") -> str:
    """A line of members."""
    return f"pos,{number},{at},{phone},{email}"


def members(*rows: str) -> bytes:
    """A file of members: the two sound ones, then these."""
    return (MEMBERS + "\n".join(rows) + "\n").encode()


def parquet(**columns: object) -> bytes:
    """A Parquet file of orders with some columns changed; two rows."""
    sound: dict[str, object] = {
        "order_id": [1, 2],
        "system": ["pos", "pos"],
        "member_id": ["a1", "a2"],
        "channel": ["store", "store"],
        "ordered_at": [datetime(2025, 12, 1, 2), datetime(2025, 12, 2, 2)],
        "status": ["completed", "completed"],
        "gross_amount": [Decimal("60.00"), Decimal("10.00")],
        "discount_amount": [Decimal("0.00"), Decimal("0.00")],
        "net_amount": [Decimal("60.00"), Decimal("10.00")],
    }
    stream = io.BytesIO()
    pq.write_table(pa.table(sound | columns), stream)
    return stream.getvalue()


@dataclass(frozen=True)
class Case:
    """One odd delivery.

    Attributes:
        kind: What is odd about it, in a word or two.
        what: What was delivered, in a few words.
        end: ``refused``, or rows loaded, quarantined and dropped as exact duplicates.
        told: Texts that must be told: in the refusal, as reason of a quarantined row, as note of the load.
        content: The file.
        table: The table it is delivered as.
        name: Its name.
        beside: Other tables delivered with it, by name.
    """

    kind: str
    what: str
    end: str | tuple[int, int, int]
    told: tuple[str, ...]
    content: bytes
    table: str = "orders"
    name: str = ""
    beside: dict[str, bytes] = field(default_factory=dict)

    @property
    def file(self) -> str:
        """The file's name."""
        return self.name or f"{self.table}.csv"


def deliveries(case: Case) -> list[tuple[str, str, bytes]]:
    """Table, file name and content of everything that is delivered for a case."""
    sound = {"members": MEMBERS.encode(), "orders": lines()} | case.beside
    others = [(table, f"{table}.csv", content) for table, content in sound.items() if table != case.table]
    return [*others, (case.table, case.file, case.content)]


def _encodings() -> list[Case]:
    name = lines(order(member_id="a2")).decode()
    chinese = (MEMBERS + member("王芳") + "\n").encode("gb18030")
    latin = (MEMBERS + member("Zoë") + "\n").encode("latin-1")
    return [
        Case("encoding", "UTF-8 with a byte order mark", (2, 0, 0), (), b"\xef\xbb\xbf" + name.encode()),
        Case("encoding", "UTF-16", "refused", ("UTF-16",), name.encode("utf-16")),
        Case("encoding", "GBK", "refused", ("GB",), chinese, "members"),
        Case("encoding", "Latin-1", "refused", ("Latin-1",), latin, "members"),
        Case("encoding", "a NUL byte", "refused", ("NUL",), lines(order().replace("a2", "a\0"))),
    ]


def _separators() -> list[Case]:
    return [
        Case("separator", "semicolons", "refused", ("semicolon",), lines(order()).replace(b",", b";")),
        Case("separator", "tabs", "refused", ("tab",), lines(order()).replace(b",", b"\t")),
        Case("line ends", "carriage return and line feed", (2, 0, 0), (), lines(order(), end="\r\n")),
        Case("line ends", "mixed", (3, 0, 0), (), lines(order()) + order(3).encode() + b"\r\n"),
        Case("line ends", "none after the last line", (2, 0, 0), (), lines(order()).rstrip(b"\n")),
        Case("line ends", "an empty line at the end", (2, 0, 0), (), lines(order()) + b"\n"),
    ]


def _ragged() -> list[Case]:
    cut = order().rsplit(",", 1)[0]
    return [
        Case("ragged", "a line with a cell too many", (1, 1, 0), ("10 cells",), lines(order() + ",x")),
        Case("ragged", "a line with a cell too few", (1, 1, 0), ("8 cells",), lines(cut)),
        Case(
            "ragged",
            "both, between sound lines",
            (3, 2, 0),
            (),
            lines(order(), cut, order(3), order(4) + ","),
        ),
        Case("ragged", "a quote that never ends", "refused", ("quote",), lines('2,"pos' + order()[5:])),
        Case("quotes", "a comma inside quotes", (2, 0, 0), (), lines(order(member_id='"a2"'))),
        Case("quotes", "a line break inside quotes", (2, 0, 0), (), lines(order(member_id='"a\n2"'))),
        Case("quotes", "a cell of 200 kB", (1, 1, 0), ("64",), lines(order(member_id="a" * 200_000))),
    ]


def _columns() -> list[Case]:
    def renamed(name: str, other: str) -> bytes:
        return lines(order(), header=HEADER.replace(name, other))

    extra = HEADER + ",remark"
    with_extra = "\n".join([extra, GOOD + ",x", order() + ",y", ""]).encode()
    twins = "\n".join([HEADER + ",Member_ID", GOOD + ",x", order() + ",y", ""]).encode()
    return [
        Case(
            "columns",
            "Ordered_At for ordered_at",
            "refused",
            ("Ordered_At", "ordered_at"),
            renamed("ordered_at", "Ordered_At"),
        ),
        Case(
            "columns", "a blank after order_id", "refused", ("order_id",), renamed("order_id,", "order_id ,")
        ),
        Case(
            "columns",
            "memberid for member_id",
            (2, 0, 0),
            ("memberid", "member_id"),
            renamed("member_id", "memberid"),
        ),
        Case("columns", "member_id and Member_ID", "refused", ("twice",), twins),
        Case("columns", "a required one is missing", "refused", ("status",), renamed("status", "zustand")),
        Case("columns", "one that nobody asked for", (2, 0, 0), ("remark",), with_extra),
        Case("columns", "a name twice", "refused", ("twice",), renamed("discount_amount", "net_amount")),
        Case("columns", "no header", "refused", ("header",), "\n".join([GOOD, order(), ""]).encode()),
        Case("columns", "a header of blanks", "refused", ("name",), renamed("discount_amount", " ")),
        Case("columns", "in another order", (2, 0, 0), (), _reordered()),
    ]


def _reordered() -> bytes:
    rows = [line.split(",") for line in (HEADER, GOOD, order())]
    return "\n".join([",".join(reversed(row)) for row in rows] + [""]).encode()


def _times() -> list[Case]:
    good = {
        "with an offset": "2025-12-02T10:00:00+08:00",
        "Zulu": "2025-12-02T02:00:00Z",
        "an offset after a blank": "2025-12-02 10:00:00 +08:00",
        "an offset without colon": "2025-12-02T10:00:00+0800",
        "without seconds": "2025-12-02 10:00",
        "9:05": "2025-12-02 9:05",
        "with milliseconds": "2025-12-02T10:00:00.123",
        "a date alone": "2025-12-02",
        "a leap day": "2024-02-29",
    }
    bad = {
        "day first": "02.12.2025",
        "with slashes": "12/02/2025",
        "a day that is none": "2025-02-30",
        "a month that is none": "2025-13-01",
        "no leap year": "2025-02-29",
        "an hour that is none": "2025-12-02 25:00",
        "an offset that is none": "2025-12-02T10:00:00+25:00",
        "in words": "yesterday",
        "a number of Excel's": "45993",
        "the year 0": "0000-01-01",
        "before there were tills": "1700-01-01",
        "twenty years ahead": "2045-12-20",
        "the end of time": "9999-12-31",
        "empty": "",
    }
    return [
        *(Case("time", what, (2, 0, 0), (), lines(order(ordered_at=at))) for what, at in good.items()),
        *(
            Case("time", what, (1, 1, 0), ("ordered_at",), lines(order(ordered_at=at)))
            for what, at in bad.items()
        ),
    ]


def _amounts() -> list[Case]:
    bad = {
        "a decimal comma": '"12,50"',
        "a currency sign": "¥12.50",
        "a separator of thousands": '"1,234.50"',
        "three decimals": "12.505",
        "in words": "twelve",
        "not a number": "NaN",
        "infinite": "inf",
        "below 0": "-1.00",
        "empty": "",
        "more digits than money has": "12345678901234567890",
        "an amount no shop has": "9999999999999.00",
    }
    return [
        Case("amount", "whole", (2, 0, 0), (), lines(order(gross_amount="10", net_amount="10"))),
        Case("amount", "one decimal", (2, 0, 0), (), lines(order(gross_amount="10.5", net_amount="10.5"))),
        Case("amount", "given away", (2, 0, 0), (), lines(order(discount_amount="10.00", net_amount="0.00"))),
        *(
            Case(
                "amount",
                what,
                (1, 1, 0),
                ("gross_amount",),
                lines(order(gross_amount=amount, net_amount="0")),
            )
            for what, amount in bad.items()
        ),
        Case("amount", "paid more than the price", (1, 1, 0), ("gross",), lines(order(net_amount="10.01"))),
        Case(
            "amount",
            "a discount above the price",
            (1, 1, 0),
            ("discount",),
            lines(order(discount_amount="11", net_amount="0")),
        ),
    ]


def _ids() -> list[Case]:
    return [
        Case("id", "#2001", (2, 0, 0), (), lines(order("#2001"))),
        Case("id", "a hash of 64 digits", (2, 0, 0), (), lines(order("f" * 64))),
        Case("id", "65 characters", (1, 1, 0), ("64",), lines(order("f" * 65))),
        Case("id", "leading zeros", (3, 0, 0), (), lines(order("007"), order("7"))),
        Case("id", "Chinese", (2, 0, 0), (), lines(order("订单2"))),
        Case(
            "id",
            "a blank after it is the same",
            (2, 1, 0),
            ("key repeated",),
            lines(order("x"), order("x ", net_amount="9")),
        ),
        Case(
            "id",
            "full-width is the same",
            (2, 1, 0),
            ("key repeated",),
            lines(order("A1"), order("Ａ１", net_amount="9")),
        ),
        Case(
            "id",
            "a zero-width blank in it is the same",
            (2, 1, 0),
            ("key repeated",),
            lines(order("x"), order("x\u200b", net_amount="9")),
        ),
        Case(
            "id",
            "decomposed letters are the same",
            (2, 1, 0),
            ("key repeated",),
            lines(order("é"), order("e\u0301", net_amount="9")),
        ),
        Case("id", "empty", (1, 1, 0), ("required",), lines(order(""))),
        Case("id", "blanks alone", (1, 1, 0), ("required",), lines(order("  "))),
        Case("id", "a system of the shop's own", (2, 0, 0), (), lines(order(system="till_2"))),
        Case("id", "whole numbers in Parquet", (2, 0, 0), (), parquet(), name="orders.parquet"),
    ]


def _keys() -> list[Case]:
    return [
        Case("key", "a row twice", (2, 0, 1), (), lines(order(), order())),
        Case(
            "key",
            "one number, two contents",
            (2, 1, 0),
            ("key repeated",),
            lines(order(), order(net_amount="9")),
        ),
        Case("key", "one number in two systems", (3, 0, 0), (), lines(order(), order(system="mini_program"))),
        Case("code", "an unknown state", (1, 1, 0), ("status",), lines(order(status="shipped"))),
        Case("code", "a state in capitals", (1, 1, 0), ("status",), lines(order(status="COMPLETED"))),
        Case("code", "a blank after the state", (2, 0, 0), (), lines(order(status="completed "))),
        Case("code", "an unknown channel", (1, 1, 0), ("channel",), lines(order(channel="fax"))),
    ]


def _contacts() -> list[Case]:
    none = {
        "a number Excel rounded": "1.38E+10",
        "40 digits": "1" * 20 + "2" * 20,
        "three digits": "110",
        "the word unknown": "Unknown",
        "the word null": "NULL",
        "a Chinese word for none": "无",
        "a dash": "-",
        "one digit over and over": "11111111111",
    }
    good = {"with the country code": "+86 139 1111 2222", "of another country": "+91 98765 43210"}
    return [
        *(
            Case("phone", what, (3, 0, 0), ("phone",), members(member(phone=phone)), "members")
            for what, phone in none.items()
        ),
        *(
            Case("phone", what, (3, 0, 0), (), members(member(phone=phone)), "members")
            for what, phone in good.items()
        ),
        Case("e-mail", "without a domain", (3, 0, 0), ("email",), members(member(email="li@")), "members"),
        Case("e-mail", "the word none", (3, 0, 0), ("email",), members(member(email="none")), "members"),
    ]


def _parquet() -> list[Case]:
    def at(kind: pa.DataType) -> bytes:
        return parquet(ordered_at=pa.array([datetime(2025, 12, 1, 2), datetime(2025, 12, 2, 2)], kind))

    return [
        Case("parquet", "nanoseconds", (2, 0, 0), (), at(pa.timestamp("ns")), name="orders.parquet"),
        Case(
            "parquet", "nanoseconds, UTC", (2, 0, 0), (), at(pa.timestamp("ns", "UTC")), name="orders.parquet"
        ),
        Case(
            "parquet",
            "microseconds in Berlin",
            (2, 0, 0),
            (),
            at(pa.timestamp("us", "Europe/Berlin")),
            name="orders.parquet",
        ),
        Case(
            "parquet",
            "days since 1970",
            (2, 0, 0),
            (),
            parquet(ordered_at=pa.array([date(2025, 12, 1), date(2025, 12, 2)])),
            name="orders.parquet",
        ),
        Case(
            "parquet",
            "words from a dictionary",
            (2, 0, 0),
            (),
            parquet(status=pa.array(["completed"] * 2).dictionary_encode()),
            name="orders.parquet",
        ),
        Case(
            "parquet",
            "amounts as doubles",
            (2, 0, 0),
            (),
            parquet(net_amount=[60.0, 10.0]),
            name="orders.parquet",
        ),
        Case(
            "parquet",
            "a double that is no cent",
            (1, 1, 0),
            ("net_amount",),
            parquet(net_amount=[60.0, 9.999]),
            name="orders.parquet",
        ),
        Case("parquet", "cut off", "refused", ("Parquet", "parquet"), parquet()[:200], name="orders.parquet"),
        Case(
            "parquet",
            "a CSV under that name",
            "refused",
            ("Parquet", "parquet"),
            lines(),
            name="orders.parquet",
        ),
        Case(
            "parquet",
            "lists",
            "refused",
            ("status",),
            parquet(status=[["completed"], ["completed"]]),
            name="orders.parquet",
        ),
    ]


def _files() -> list[Case]:
    return [
        Case("file", "empty", "refused", ("orders",), b""),
        Case("file", "a header alone", (0, 0, 0), ("no row",), (HEADER + "\n").encode()),
        Case("file", "brackets in its name", (2, 0, 0), (), lines(order()), name="orders[1].csv"),
        Case("file", "a star in its name", (2, 0, 0), (), lines(order()), name="orders*.csv"),
        Case("file", "a quote in its name", (2, 0, 0), (), lines(order()), name="order's.csv"),
        Case("file", "Chinese in its name", (2, 0, 0), (), lines(order()), name="订单.csv"),
        Case("file", "capitals in its ending", (2, 0, 0), (), lines(order()), name="ORDERS.CSV"),
        Case("file", "Excel", "refused", ("import",), b"PK\x03\x04", name="orders.xlsx"),
        Case("file", "gzip", (2, 0, 0), (), gzip.compress(lines(order())), name="orders.csv.gz"),
        Case(
            "file",
            "Excel under the name of a CSV",
            "refused",
            ("orders.csv",),
            b"PK\x03\x04" + bytes(range(256)),
        ),
    ]


def _whole() -> list[Case]:
    bad = [order(number, status="?") for number in range(2, 8)]
    with_currency = "\n".join([HEADER + ",currency", GOOD + ",CNY", order() + ",USD", ""]).encode()
    return [
        Case(
            "delivery",
            "no row can be loaded",
            (0, 2, 0),
            ("quarantine",),
            "\n".join([HEADER, *bad[:2], ""]).encode(),
        ),
        Case("delivery", "most rows cannot", (1, 6, 0), ("quarantine",), lines(*bad)),
        Case("currency", "another than the home's", (1, 1, 0), ("USD",), with_currency),
    ]


CASES: list[Case] = [
    case
    for group in (
        _encodings, _separators, _ragged, _columns, _times, _amounts, _ids, _keys, _contacts, _parquet,
        _files, _whole,
    )
    for case in group()
]  # fmt: skip
"""All of them."""


def described(case: Case, end: str) -> str:
    """A line of the table in docs/reliability.md."""
    return f"| {case.kind} | {case.what} | {end} |"


def put_files(case: Case, folder: Path) -> list[tuple[str, Path]]:
    """Write what a case delivers as files of a shop, one folder per table; table and path of each."""
    written = []
    for table, name, content in deliveries(case):
        path = folder / table / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        written.append((table, path))
    return written
