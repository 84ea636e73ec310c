"""`rekindle import`: shows before it delivers, delivers all or nothing, knows the next file of a shape."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from orchestration.cli import app, import_files
from orchestration.importing import handing_over
from orchestration.importing.kept import contract_of, known_mappings
from orchestration.importing.mapping import read_mapping
from orchestration.importing.mapping import written as as_yaml
from orchestration.loader.loading import load
from orchestration.project import Home
from tests.importing.imported import FILES, rows_in, written

HEAD = "Order,Customer,Date,Amount\n"
ORDERS = HEAD + "1,c1,2025-03-14,10.00\n2,c2,2025-03-15,20.50\n"


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("REKINDLE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("REKINDLE_SECRET", raising=False)
    return Home(tmp_path / "home")


@pytest.fixture
def shop(home, tmp_path):
    def importing(*arguments, text=ORDERS, file="orders.csv"):
        path = written(tmp_path, file, text)
        return CliRunner().invoke(app, ["import", str(path), *arguments])

    return importing


def deliveries(home):
    return sorted(str(path.relative_to(home.landing)) for path in home.landing.glob("*/*/delivered=*"))


def test_without_a_terminal_it_shows_and_stops_and_says_what_to_type(shop, home):
    answer = shop()
    assert answer.exit_code == 3
    assert "type the same with --yes" in answer.output
    assert "Before: orders.csv" in answer.output
    assert "After: orders" in answer.output
    assert not deliveries(home)
    assert not (home.root / "sources").exists()
    assert not list(home.vault.glob(".importing*"))


def test_contact_details_are_masked_wherever_they_stand(home):
    for name in ("shopify_orders_export.csv", "woocommerce_order_export.csv", "bestellungen.csv", "订单.csv"):
        said = CliRunner().invoke(app, ["import", str(FILES / name)]).output
        for detail in (
            "@example.com",
            "Ada Lind",
            "Jo Reed",
            "6 12 34 56 78",
            "020 7946 0001",
            "13912345678",
        ):
            assert detail not in said


def test_what_a_killed_import_left_in_the_vault_is_gone_with_the_next(shop, home):
    left = home.vault / ".importing-999999999-x"
    left.mkdir(parents=True)
    home.vault.chmod(0o700)
    (left / "orders.parquet").write_text("a person")
    shop()
    assert not left.exists()


def test_yes_delivers_every_table_and_keeps_how(shop, home):
    assert shop("--yes", "--name", "mine", "--zone", "Europe/Berlin", "--currency", "eur").exit_code == 0
    assert deliveries(home) == ["mine/members/delivered=2025-03-15", "mine/orders/delivered=2025-03-15"]
    kept = (home.root / "sources" / "mine" / "source.yml").read_text()
    assert "contract: chain" in kept
    assert "time_zone: Europe/Berlin" in kept
    assert "currency: EUR" in kept
    assert "currency: EUR" in (home.root / "sources" / "home.yml").read_text()
    mapping = read_mapping(home.root / "sources" / "mine" / "mapping.yml")
    assert dict(mapping.files[0].columns) == {
        "order_id": "Order", "member_id": "Customer", "ordered_at": "Date", "net_amount": "Amount",
    }  # fmt: skip


def test_the_next_file_of_a_shape_is_known_by_its_columns_and_needs_nothing_else(shop, home):
    shop("--yes", "--name", "mine", "--dates", "month-first", text=HEAD + "1,c1,03/04/2025,10.00\n")
    answer = shop("--yes", text="Amount,Date,Order,Customer\n5.00,03/05/2025,3,c1\n", file="new.csv")
    assert answer.exit_code == 0, answer.output
    assert deliveries(home)[-1] == "mine/orders/delivered=2025-03-05"
    (order,) = rows_in(list(home.landing.glob("mine/orders/delivered=2025-03-05/*.parquet")))
    assert (order["order_id"], order["ordered_at"]) == ("3", "2025-03-05")


def test_the_same_file_twice_is_refused_with_a_sentence(shop, home):
    shop("--yes", "--name", "mine")
    answer = shop("--yes", "--name", "mine")
    assert answer.exit_code == 2
    assert "were delivered before" in answer.output
    assert "--date YYYY-MM-DD" in answer.output
    assert shop("--yes", "--name", "mine", "--date", "2025-03-20").exit_code == 0
    assert len(deliveries(home)) == 4


def test_one_table_that_fails_takes_the_others_back(shop, home, monkeypatch):
    deliver = handing_over.deliver

    def failing(landing, source, table, *rest, **more):
        if table == "orders":
            raise OSError("disk full")
        return deliver(landing, source, table, *rest, **more)

    monkeypatch.setattr(handing_over, "deliver", failing)
    assert shop("--yes").exit_code == 1
    assert not deliveries(home)


def test_a_missing_column_is_said_with_what_is_new_and_the_way_out(shop, home):
    shop("--yes", "--name", "mine")
    changed = "Order,Customer,Date,Paid,Note\n3,c1,2025-04-01,7.00,x\n"
    answer = shop("--yes", "--name", "mine", text=changed)
    assert answer.exit_code == 2
    assert "Missing: Amount. New: Paid, Note." in answer.output
    assert "net_amount was 'Amount'" in answer.output
    answer = shop("--yes", "--name", "mine", "--map", "Paid=net_amount", text=changed)
    assert answer.exit_code == 0, answer.output
    assert known_mappings(home)["mine"].files[0].columns["net_amount"] == "Paid"
    assert shop("--yes", "--name", "mine", "--date", "2025-04-02", text=changed).exit_code == 0


def test_a_new_column_is_said_and_left_out(shop, home):
    shop("--yes", "--name", "mine")
    answer = shop("--name", "mine", text="Order,Customer,Date,Amount,Note\n3,c1,2025-04-01,7.00,x\n")
    assert "new columns since the last import: Note (left out; --map to use one)" in answer.output


def test_dates_of_two_meanings_are_asked_and_an_option_answers(shop):
    text = HEAD + "1,c1,03/04/2025,10.00\n"
    answer = shop("--yes", text=text)
    assert answer.exit_code == 2
    assert "--dates day-first or --dates month-first" in answer.output
    assert "2025-04-03" in shop("--dates", "day-first", text=text).output
    assert "2025-03-04" in shop("--dates", "month-first", text=text).output


def test_on_a_terminal_it_asks_what_the_file_leaves_open_and_delivers_when_somebody_agrees(
    home, tmp_path, monkeypatch
):
    monkeypatch.setattr(import_files, "is_terminal", lambda: True)
    path = written(tmp_path, "orders.csv", HEAD + "1,c1,03/04/2025,10.00\n")
    asked = CliRunner().invoke(app, ["import", str(path)], input="Europe/Berlin\nno idea\nday-first\nn\n")
    assert asked.exit_code == 0
    assert "may be 3 April or March 4" in asked.output
    assert "Nothing was delivered." in asked.output
    assert not deliveries(home)
    CliRunner().invoke(app, ["import", str(path)], input="Europe/Berlin\nmonth-first\ny\n")
    assert deliveries(home)[-1] == "orders/orders/delivered=2025-03-04"
    assert "time_zone: Europe/Berlin" in (home.root / "sources" / "orders" / "source.yml").read_text()


def test_a_form_that_turned_since_the_last_file_is_asked(shop):
    shop("--yes", "--name", "mine", text=HEAD + "1,c1,31/01/2025,10.00\n")
    answer = shop("--yes", "--name", "mine", text=HEAD + "2,c1,02/28/2025,10.00\n3,c1,02/03/2025,1.00\n")
    assert answer.exit_code == 2
    assert "dates had the day first before" in answer.output


def test_amounts_of_two_meanings_are_asked(shop):
    answer = shop("--yes", text='Order,Customer,Date,Amount\n1,c1,2025-03-04,"1,234"\n')
    assert answer.exit_code == 2
    assert "--decimal point or --decimal comma" in answer.output


def test_columns_of_any_name_are_brought_in_by_map(shop, home):
    text = "Ref,Who,When,Worth\nA-1,c1,2025-03-14,10.00\n"
    answer = shop(text=text)
    assert answer.exit_code == 2
    assert "Ref, Who, When, Worth" in answer.output
    mapped = (
        "--map",
        "Ref=order_id",
        "--map",
        "Who=member_id",
        "--map",
        "When=ordered_at",
        "--map",
        "Worth=net_amount",
    )
    assert shop("--yes", *mapped, text=text).exit_code == 0
    assert deliveries(home) == ["orders/members/delivered=2025-03-14", "orders/orders/delivered=2025-03-14"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--map", "Amount=money"], "have no field money"),
        (["--map", "Sum=net_amount"], "no file has: Sum"),
        (["--map", "nothing"], "write 'theirs=ours'"),
        (["--zone", "Berlin"], "no zone Berlin"),
        (["--currency", "euro"], "three letters"),
        (["--country", "Germany"], "two letters"),
        (["--table", "sales"], "no table sales"),
        (["--dates", "iso"], "day-first and month-first"),
        (["--name", "complete_journey"], "cannot be called"),
        (["--name", "My Shop"], "cannot be called"),
        (["--encoding", "klingon"], "no encoding"),
    ],
)
def test_what_cannot_be_is_refused_with_what_can(shop, home, arguments, said):
    answer = shop("--yes", *arguments)
    assert answer.exit_code == 2, answer.output
    assert said in answer.output
    assert not deliveries(home)


def test_a_word_of_status_is_named_once_and_kept(shop, home):
    text = "Order,Customer,Date,Amount,Status\n1,c1,2025-03-14,10.00,Versandbereit\n"
    assert "Versandbereit (1); name it with --status" in shop(text=text).output
    shop("--yes", "--name", "mine", "--status", "Versandbereit=completed", text=text)
    answer = shop("--name", "mine", "--date", "2025-03-20", text=text)
    assert "None of 2 rows would be quarantined" in answer.output


def test_a_mapping_that_was_edited_counts_and_one_that_is_broken_is_refused(shop, home):
    shop("--yes", "--name", "mine")
    path = home.root / "sources" / "mine" / "mapping.yml"
    path.write_text(path.read_text().replace("channel: web", "channel: store"))
    assert "channel store" in shop("--name", "mine", "--date", "2025-03-20").output
    path.write_text(path.read_text().replace("decimal: point", "decimal: dot"))
    answer = shop("--name", "mine", "--date", "2025-03-20")
    assert answer.exit_code == 2
    assert "decimal must be point or comma" in answer.output


def test_a_mapping_reads_back_as_it_was_written(shop, home):
    shop("--yes", "--name", "mine")
    mapping = known_mappings(home)["mine"]
    path = home.root / "again.yml"
    path.write_text(as_yaml(mapping))
    assert read_mapping(path) == mapping


def test_what_the_preview_counts_is_what_the_load_quarantines(shop, home):
    rows = ("1,c1,2025-03-14,10.00", "2,c1,2025-02-30,10.00", "3,c1,2025-03-15,ten", "3,c1,2025-03-15,11.00")
    text = HEAD + "\n".join([*rows, ",c1,2025-03-15,1.00", ""])
    answer = shop("--yes", "--name", "chain", text=text)
    assert "Would be quarantined: 3 of 6 rows" in answer.output, answer.output
    summary = load(home, {"chain": contract_of("chain")}, lambda _: None, threads=1)
    (orders,) = [table for table in summary.tables if (table.table, table.status) == ("orders", "loaded")]
    assert (orders.rows_in, orders.rows_quarantined) == (5, 3)
