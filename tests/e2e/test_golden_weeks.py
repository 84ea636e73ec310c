"""Ten members through six weeks of campaigns: decided, sealed, sent and answered, as written down.

The file of members says of each what should come out. Each week is built from what was delivered by its
Sunday, sealed, and handed to the next, as `rekindle run` does.
"""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from orchestration.ledger.seals import proposals, seal
from orchestration.project import Home
from orchestration.sources.delivering import deliver
from tests.built import load_chain, quick_build
from tests.e2e.delivered_by_hand import deliver_lines
from tests.e2e.written_down import NAMED, hold_against

GOLDEN = Path(__file__).parent / "golden_weeks"
# Column by which a row is known; a table without one is known from the beginning.
KNOWN_BY = {
    "members": "registered_at",
    "stores": None,
    "products": None,
    "orders": "ordered_at",
    "order_items": "ordered_at",
    "consents": "happened_at",
    "tickets": "opened_at",
    "touches": "planned_at",
}
SUNDAYS = [date(2025, 7, 6) + timedelta(weeks=week) for week in range(6)]

# What is shown of each table after the last week, without the key: the member has a name here.
SHOWN = {
    "aud_decisions": "campaign_week, campaign, is_included, drop_reason, arm, stage, silence_tier, is_sealed",
    "aud_journeys": "campaign, entry_week, arm, state, exit_reason, exited_on, plan, steps_sent, next_due_on",
    "aud_planned_touches": "campaign_week, campaign, entry_week, step_no, planned_on, channel, benefit, "
    "status",
}


def known(table: str, after: date, until: date) -> str | None:
    """CSV text of the rows that became known between two evenings; None where there are none."""
    with (GOLDEN / "deliveries" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    column = KNOWN_BY.get(table, "sent_at")
    chosen = [
        row for row in rows if str(after) < (row[column][:10] if column else "2000-01-01") <= str(until)
    ]
    if not chosen:
        return None
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(chosen)
    return text.getvalue()


def deliver_receipts(home: Home, after: date, until: date) -> None:
    """Receipts under the names that the ledger gave the touches; the file names them by member and step."""
    text = known("receipts", after, until)
    if text is None:
        return
    rows = list(csv.DictReader(io.StringIO(text)))
    with duckdb.connect() as connection:
        connection.execute(
            f"""
            create view touches as
            select touches.*, records.member_id
            from read_parquet('{home.ledger}/*/*/*/touches.parquet', hive_partitioning = false) as touches
            inner join (
                select member_id, ('0x' || md5('chain:pos:' || member_id)[1:15])::bigint as member_key
                from read_csv('{GOLDEN}/deliveries/members.csv', all_varchar = true)
            ) as records using (member_key)
            """
        )
        for row in rows:
            [(row["planned_touch_id"],)] = connection.execute(
                "select planned_touch_id from touches where member_id = ? and campaign = ? and step_no = ?",
                [row.pop("member_id"), row.pop("campaign"), int(row.pop("step_no"))],
            ).fetchall()
    lines = io.StringIO()
    writer = csv.DictWriter(lines, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    deliver(
        home.landing,
        "receipts",
        "touches",
        until,
        lambda target: (target / "part-0.csv").write_text(lines.getvalue()),
    )


@pytest.fixture(scope="module")
def weeks(chain, tmp_path_factory):
    """The home with five sealed weeks, and the build that decides the sixth."""
    root = tmp_path_factory.mktemp("golden_weeks")
    home, before = Home(root / "home"), date(1999, 1, 1)
    for sunday in SUNDAYS:
        for table in KNOWN_BY:
            text = known(table, before, sunday)
            if text is not None:
                deliver_lines(home, table, text, sunday)
        deliver_receipts(home, before, sunday)
        load_chain(home)
        folder = root / f"built-{sunday}"
        with quick_build(chain, folder, home, [sunday], wanted=SHOWN) as connection:
            if sunday == SUNDAYS[-1]:
                yield home, connection
        if sunday != SUNDAYS[-1]:
            for proposal in proposals(folder / "rekindle.duckdb"):
                seal(home, proposal, build_id=f"{sunday}-00000001", code_version="tested")
        before = sunday


@pytest.mark.parametrize("table", SHOWN)
def test_six_weeks_are_as_written_down(weeks, table):
    _, connection = weeks
    query = (
        f"select named.member, {SHOWN[table]} "
        f"from audiences.{table} inner join ({NAMED}) as named using (member_key)"
    )
    hold_against(GOLDEN / "states" / f"{table}.csv", connection, query)


def test_every_row_was_loaded(weeks):
    home, _ = weeks
    assert list(home.quarantine.rglob("*.parquet")) == []
