"""Whoever opted out in what came after the publication is in no file, however they said it."""

import shutil
from datetime import date

import pytest

from orchestration.core.errors import RekindleError
from orchestration.exports.writing import export
from orchestration.project import Home
from orchestration.sources.delivering import deliver
from tests.exports.conftest import DAY, MEMBERS, Shop, publish
from tests.exports.test_export import cells, only

LATER = date(2025, 12, 30)


def consent(number=9, says="false", system="crm", **other):
    return {
        "consent_id": number, "system": system, "member_id": "m3", "channel": "sms", "purpose": "marketing",
        "is_granted": says, "happened_at": "2025-12-29 10:00:00",
    } | other  # fmt: skip


def touch(**other):
    return {
        "touch_id": 1, "system": "crm", "member_id": "m3", "channel": "sms", "planned_at": "2025-12-01",
        "unsubscribed_at": "", "complained_at": "", "blocked_at": "",
    } | other  # fmt: skip


def ticket(**other):
    return {
        "ticket_id": 1, "system": "crm", "member_id": "m3", "kind": "complaint", "opened_at": "2025-12-29"
    } | other  # fmt: skip


def receipt(touch, **other):
    return {"planned_touch_id": touch, "unsubscribed_at": "", "complained_at": "", "blocked_at": ""} | other


def member(member_id, phone, system="crm"):
    return {"system": system, "member_id": member_id, "registered_at": "2025-01-01", "phone": phone or ""}


KNOWN = [
    consent(1, happened_at="2024-01-01", channel="sms"),
    consent(2, "true", happened_at="2025-02-01"),
    consent(3, "maybe", member_id="m2"),
]


@pytest.fixture(scope="module")
def made_once(tmp_path_factory):
    """The week, published and sealed with three consents that it knows; only to be copied."""
    made = publish(Home(tmp_path_factory.mktemp("opt_outs") / "home"))
    made.deliver("members", [member(f"m{n}", phone) for n, (phone, _, _) in MEMBERS.items() if n != 10], DAY)
    order = {"order_id": 1, "channel": "store", "ordered_at": "2025-12-20", "status": "completed"}
    made.deliver("orders", [order | dict.fromkeys(("gross_amount", "discount_amount", "net_amount"), 1)], DAY)
    made.deliver("consents", KNOWN, DAY)
    made.load()
    made.change(
        "update staging.stg_rekindle__loads set rows_loaded = 2, rows_quarantined = 1 "
        "where table_name = 'consents'"
    )
    made.seal()
    return made


@pytest.fixture
def shop(made_once, tmp_path):
    """A home of one's own."""
    shutil.copytree(made_once.home.root, tmp_path / "home", symlinks=True)
    return Shop(Home(tmp_path / "home"))


def exported(shop):
    """Touches of the file, once its numbers are found to add up."""
    file = only(export(shop.home))
    manifest = file.manifest
    assert manifest["planned"] == manifest["rows"] + sum(manifest["left_out"].values()) == 10
    assert len(cells(file)) == manifest["rows"]
    return set(cells(file)), manifest["left_out"].get("opted_out", 0)


def test_without_news_everybody_known_to_agree_is_in_the_file(shop):
    assert exported(shop) == ({"t01", "t02", "t03"}, 0)


@pytest.mark.parametrize(
    ("source", "table", "row"),
    [
        ("chain", "consents", consent()),
        ("chain", "consents", consent(happened_at="2024-06-01")),
        ("chain", "consents", consent(2, happened_at="2025-02-01")),
        ("chain", "consents", consent(says="maybe")),
        ("chain", "consents", consent(says="true", happened_at="yesterday")),
        ("chain", "consents", consent(channel="by letter")),
        ("chain", "consents", consent(purpose="anything")),
        ("chain", "consents", consent(system="The Till")),
        ("receipts", "touches", receipt("t03", unsubscribed_at="2025-12-29 10:00:00")),
        ("receipts", "touches", receipt("t03", blocked_at="2025-12-29 10:00:00")),
        ("receipts", "touches", receipt("t03", complained_at="2025-12-29 10:00:00")),
        ("receipts", "touches", receipt("t03", unsubscribed_at="yesterday")),
        ("receipts", "touches", receipt("t03", unsubscribed_at="2025-12-29", sent_at="soon")),
        ("chain", "touches", touch(unsubscribed_at="2025-12-29")),
        ("chain", "touches", touch(blocked_at="2025-12-29")),
        ("chain", "touches", touch(complained_at="2025-12-29", channel="email")),
        ("chain", "touches", touch(unsubscribed_at="2025-12-29", planned_at="soon")),
        ("chain", "tickets", ticket()),
        ("chain", "tickets", ticket(opened_at="soon")),
        ("chain", "tickets", ticket(kind="rage")),
    ],
)
def test_whoever_opted_out_since_in_any_table_is_left_out(shop, source, table, row):
    shop.deliver(table, [row], LATER, source)
    shop.load()
    assert exported(shop) == ({"t01", "t02"}, 1)


@pytest.mark.parametrize(
    ("source", "table", "names", "line"),
    [
        ("chain", "consents", consent(), "9,crm,m3,sms,marketing"),
        ("chain", "consents", consent(), "9,crm,m3,email,service,true,2025-12-29 10:00:00,"),
        ("chain", "touches", touch(), "1,crm,m3,call"),
        ("chain", "tickets", ticket(), "1,crm,m3,enquiry,2025-12-29,good,evening"),
        ("receipts", "touches", receipt("t03"), "t03,"),
    ],
)
def test_whoever_is_named_in_a_row_that_does_not_fit_its_header_is_left_out(shop, source, table, names, line):
    def write(folder):
        (folder / "part.csv").write_text(f"{','.join(names)}\n{line}\n{','.join(names)}\n")

    deliver(shop.home.landing, source, table, LATER, write)
    shop.load()
    assert exported(shop) == ({"t01", "t02"}, 1)


@pytest.mark.parametrize(
    ("source", "table", "row"),
    [
        ("chain", "consents", consent(says="true")),
        ("chain", "consents", consent(channel="email")),
        ("chain", "consents", consent(purpose="service")),
        ("receipts", "touches", receipt("t03")),
        ("chain", "touches", touch(unsubscribed_at="2025-12-29", channel="call")),
        ("chain", "tickets", ticket(kind="enquiry")),
        ("chain", "tickets", ticket(kind="enquiry", opened_at="soon")),
    ],
)
def test_what_says_nothing_about_the_channel_leaves_nobody_out(shop, source, table, row):
    shop.deliver(table, [row], LATER, source)
    shop.load()
    assert exported(shop) == ({"t01", "t02", "t03"}, 0)


def test_what_the_publication_knew_is_no_news_when_it_is_delivered_again(shop):
    shop.deliver("consents", [*KNOWN, consent(4, "true")], LATER)
    shop.load()
    assert exported(shop) == ({"t01", "t02", "t03"}, 0)


def test_a_later_grant_counts_with_the_next_publication(shop):
    shop.deliver("consents", [consent(), consent(10, "true", happened_at="2025-12-30")], LATER)
    shop.load()
    assert exported(shop) == ({"t01", "t02"}, 1)


def test_an_opt_out_reaches_whoever_is_written_to_under_the_address(shop):
    new = member("new-1", "0086 138-0000-0003", "pos")
    shop.deliver("members", [new], LATER)
    shop.deliver("consents", [consent(system="pos", member_id="new-1"), consent(10, member_id="m7")], LATER)
    shop.load()
    # Member 7 shares the phone of member 2; the new record is not published, but has the phone of member 3.
    assert exported(shop) == ({"t01"}, 3)


def test_a_number_taken_over_from_somebody_who_withdrew_is_not_written_to(shop):
    # Member 4 withdrew, as is published; member 3 has that phone only since.
    moved = [member("m3", "+86 13800000004"), member("m1", "13800000001")]
    shop.deliver("members", moved, LATER)
    shop.load()
    assert exported(shop) == ({"t01", "t02"}, 1)


def test_a_placeholder_is_nobodys_address_and_silences_nobody(shop):
    phones = {"m1": "138 0000 0000", "m3": "13800000003", "new-1": "13800000000"}
    shop.deliver("members", [member(number, phone) for number, phone in phones.items()], LATER)
    shop.deliver("consents", [consent(member_id="new-1")], LATER)
    shop.load()
    file = only(export(shop.home))
    assert set(cells(file)) == {"t02", "t03"}
    assert file.manifest["left_out"]["no_contact"] == 2


def test_an_opt_out_of_nobody_known_is_told_with_the_file(shop):
    shop.deliver("consents", [consent(member_id="nobody"), consent(10)], LATER)
    shop.deliver("touches", [receipt("gone", unsubscribed_at="2025-12-29")], LATER, "receipts")
    shop.load()
    file = only(export(shop.home))
    assert set(cells(file)) == {"t01", "t02"}
    assert file.manifest["consents_of_nobody"] == 2


def test_a_complaint_known_of_a_later_day_ends_the_journey(shop):
    shop.change("insert into core.fct_touch values (3, date '2025-12-29'), (1, date '2025-12-28')")
    file = only(export(shop.home))
    assert set(cells(file)) == {"t01", "t02"}
    assert file.manifest["left_out"]["journey_over"] == 1


@pytest.mark.parametrize("name", ["chain/consents/2025-12-30", "chain/consent/delivered=2025-12-30"])
def test_while_something_lies_in_landing_that_is_no_delivery_nothing_is_exported(shop, name):
    folder = shop.home.landing / name
    folder.mkdir(parents=True)
    with pytest.raises(
        RekindleError, match=f"no delivery and may hold opt-outs: landing/{name.split('/d')[0]}"
    ):
        export(shop.home)
    assert not shop.home.exports.exists()
    folder.rmdir()
    if not any(folder.parent.iterdir()):
        folder.parent.rmdir()
    assert exported(shop)[0] == {"t01", "t02", "t03"}


@pytest.mark.parametrize(("source", "table"), [("chain", "consents"), ("receipts", "touches")])
def test_while_an_opt_out_may_lie_in_landing_nothing_is_exported(shop, source, table):
    row = consent() if table == "consents" else receipt("t03", blocked_at="2025-12-29")
    shop.deliver(table, [row], LATER, source)
    with pytest.raises(RekindleError, match=rf"{source}.{table} delivered=2025-12-30.*rekindle load"):
        export(shop.home)
    assert not shop.home.exports.exists()
    shop.load()
    assert exported(shop) == ({"t01", "t02"}, 1)


def test_a_delivery_changed_since_it_was_loaded_is_not_loaded(shop):
    manifest = next(shop.home.landing.glob("chain/consents/*/manifest.json"))
    manifest.write_text(manifest.read_text(encoding="utf-8") + " ", encoding="utf-8")
    with pytest.raises(RekindleError, match="not loaded"):
        export(shop.home)


def test_other_deliveries_may_wait(shop):
    shop.deliver("members", [member("new-1", "13900000009")], LATER)
    assert exported(shop) == ({"t01", "t02", "t03"}, 0)
