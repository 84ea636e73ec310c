"""Fields: what a column of a shop's file can be, and the names under which it is found.

Belongs here: kinds of fields, comparing headings, the rows of `seeds/sources/` as Python has them.
Does not: which field a heading of a given file is (recognising.py).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from orchestration.core.contract import SourceContract
from orchestration.definitions_files.seeds import sound_rows
from orchestration.project import SEEDS_DIR

ANY = "any"
ORDERS, LINES, ITEMS = "orders", "order_lines", "order_items"
PAYMENTS, CUSTOMERS, NOT_USED = "order_payments", "order_customers", "not_used"
REFUNDED = "refunded"
"""As a status: a completed order of which all is paid back."""

AMOUNTS = frozenset(
    [
        "gross_amount",
        "discount_amount",
        "net_amount",
        "cost_amount",
        "refund_amount",
        "quantity",
        "unit_price",
        "line_amount",
        "line_discount",
        "payment_amount",
        "freight_amount",
        "list_price",
        "amount",
    ]
)
MOMENTS = frozenset(["ordered_at", "refunded_at", "cancelled_at", "registered_at", "updated_at"])
WORDS = frozenset(["status", "channel", "kind", "reason"])
CONTACTS = frozenset(
    ["email", "phone", "full_name", "first_name", "last_name", "street_address", "card_number", "union_id"]
)
_ORDER = [
    "order_id",
    "system",
    "member_id",
    "email",
    "phone",
    "full_name",
    "first_name",
    "last_name",
    "street_address",
    "city",
    "region",
    "store_id",
    "channel",
    "ordered_at",
    "ordered_time",
    "status",
    "cancelled_at",
    "gross_amount",
    "discount_amount",
    "net_amount",
    "cost_amount",
    "refund_amount",
    "refunded_at",
    "currency",
    "is_campaign",
]
_LINE = [
    "line_number",
    "product_id",
    "product_name",
    "category",
    "brand",
    "quantity",
    "unit_price",
    "line_amount",
    "line_discount",
    "freight_amount",
]
# What is made of a file whose rows are no table of the contract, or are one with more than its columns.
_FIELDS = {
    ORDERS: [*_ORDER, "order_customer_id"],
    LINES: [*_ORDER, *_LINE],
    ITEMS: ["order_id", "system", *_LINE, "cost_amount"],
    PAYMENTS: ["order_id", "payment_amount"],
    CUSTOMERS: ["order_customer_id", "member_id", "email", "phone", "full_name", "city", "region"],
    NOT_USED: [],
}
_EXTRA = {
    "members": ["first_name", "last_name"],
    "refunds": ["refund_amount"],
}


@dataclass(frozen=True)
class Shape:
    """A kind of file that is known by its headings."""

    shape: str
    file: str
    rows: str
    headings: frozenset[str]
    system: str
    channel: str
    fills_down: bool
    label: str


@dataclass(frozen=True)
class Synonym:
    """A heading under which a field is found."""

    shape: str
    rows: str
    heading: str
    field: str
    preference: int


@dataclass(frozen=True)
class Vocabulary:
    """What the rows of `seeds/sources/` say.

    Attributes:
        shapes: In the order in which they are tried.
        synonyms: All of them, headings as they are compared.
        words: Codes by field and word, words as they are compared.
        signs: Currency by sign; empty where several use it.
    """

    shapes: tuple[Shape, ...]
    synonyms: tuple[Synonym, ...]
    words: Mapping[str, Mapping[str, str]]
    signs: Mapping[str, str]


def compared(text: str) -> str:
    """A heading or word without case, blanks and punctuation, so that its spellings are one."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).lower())
    return re.sub(r"[^\w#]|_", "", "".join(letter for letter in folded if not unicodedata.combining(letter)))


def compared_word(text: str) -> str:
    """A word in a cell as it is compared: trimmed, in lower case; what SQL can do alike."""
    return text.strip().lower()


def read_vocabulary(seeds_dir: Path = SEEDS_DIR) -> Vocabulary:
    """The rows of `seeds/sources/`.

    Raises:
        InputFault: With every fault of a file.
    """
    shapes = tuple(
        Shape(
            row["shape"],
            row["file"],
            row["rows"],
            frozenset(compared(heading) for heading in row["headings"].split(";") if heading),
            row["system"],
            row["channel"],
            row["fills_down"] == "true",
            row["label"],
        )
        for row in sound_rows("sources/import_shapes.csv", seeds_dir)
    )
    synonyms = tuple(
        Synonym(row["shape"], row["rows"], compared(row["heading"]), row["field"], int(row["preference"]))
        for row in sound_rows("sources/import_synonyms.csv", seeds_dir)
    )
    words: dict[str, dict[str, str]] = {field: {} for field in WORDS}
    for row in sound_rows("sources/import_words.csv", seeds_dir):
        words.setdefault(row["field"], {})[compared_word(row["word"])] = row["code"]
    signs = {
        row["sign"]: row["currency"] for row in sound_rows("sources/import_currency_signs.csv", seeds_dir)
    }
    return Vocabulary(shapes, synonyms, words, signs)


def fields_of(rows: str, contract: SourceContract) -> list[str]:
    """Every field that a file may have whose rows are of a kind."""
    table = contract.table(rows)
    columns = [column.name for column in table.columns] if table else []
    if rows == ITEMS:  # A line has the order's date, and its own amount under the name of a line.
        columns = [name for name in columns if name not in ("net_amount", "discount_amount")]
    return list(dict.fromkeys([*_FIELDS.get(rows, []), *columns, *_EXTRA.get(rows, [])]))


def kinds_of_rows(contract: SourceContract) -> list[str]:
    """What a row of a file may be."""
    return list(dict.fromkeys([*_FIELDS, *(table.name for table in contract.tables)]))


def is_amount(field: str, rows: str, contract: SourceContract) -> bool:
    """Whether a field holds numbers with decimals."""
    return field in AMOUNTS or _type(field, rows, contract).startswith(("decimal", "double"))


def is_moment(field: str, rows: str, contract: SourceContract) -> bool:
    """Whether a field holds dates or times."""
    return field in MOMENTS or _type(field, rows, contract) in ("date", "timestamp")


def is_contact(field: str, rows: str, contract: SourceContract) -> bool:
    """Whether a field holds a contact detail."""
    table = contract.table(rows)
    return field in CONTACTS or any(column.name == field for column in (table.contacts if table else ()))


def _type(field: str, rows: str, contract: SourceContract) -> str:
    table = contract.table(rows)
    return next((column.data_type for column in table.columns if column.name == field), "") if table else ""
