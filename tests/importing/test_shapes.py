"""Files as real systems write them become the contract's tables: names, amounts, statuses, people."""

from __future__ import annotations

import shutil
from decimal import Decimal

import pytest

from orchestration.core.errors import InputFault
from tests.importing.imported import FILES, imported, in_encoding, written

OLIST = sorted(FILES.glob("olist_*.csv"))


@pytest.fixture(scope="module")
def shopify(tmp_path_factory):
    return imported(tmp_path_factory.mktemp("home"), FILES / "shopify_orders_export.csv")


@pytest.fixture(scope="module")
def woocommerce(tmp_path_factory):
    return imported(tmp_path_factory.mktemp("home"), FILES / "woocommerce_orders.csv", currency="EUR")


@pytest.fixture(scope="module")
def olist(tmp_path_factory):
    return imported(tmp_path_factory.mktemp("home"), *OLIST, currency="BRL")


@pytest.fixture(scope="module")
def online_retail(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    return imported(folder, in_encoding(folder / "in", "online_retail.csv", "latin-1"), currency="GBP")


@pytest.fixture(scope="module")
def german(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    return imported(folder, in_encoding(folder / "in", "bestellungen.csv", "cp1252"))


def notes(found):
    return "\n".join([*found.proposal.assumed, *found.proposal.notes, *found.prepared.converted.notes])


def amounts(found, *keys):
    orders = found.by("orders", "order_id")
    return [tuple(orders[key][f"{name}_amount"] for name in ("gross", "discount", "net")) for key in keys]


def test_shopify_orders_are_made_of_their_lines_and_their_amounts_count_once(shopify):
    orders = shopify.by("orders", "order_id")
    assert list(orders) == [f"#{number}" for number in range(1001, 1010)]
    assert amounts(shopify, "#1001", "#1002") == [("64.70", "0.00", "64.70"), ("39.90", "3.99", "35.91")]
    assert orders["#1001"]["ordered_at"] == "2025-03-03T10:15:32+0100"
    assert [orders[key]["status"] for key in ("#1001", "#1003", "#1004", "#1005", "#1006")] == [
        "completed", "completed", "completed", "cancelled", "pending",
    ]  # fmt: skip
    assert orders["#1002"]["phone"] == "+33 6 12 34 56 78"
    items = [
        (row["order_id"], row["product_id"], row["quantity"], row["net_amount"])
        for row in shopify.tables["order_items"]
    ]
    assert items[:3] == [
        ("#1001", "LS-1", "2", "59.80"),
        ("#1002", "LS-1", "1", "29.90"),
        ("#1002", "SO-2", "1", "10.00"),
    ]
    assert ("#1007", "Gift card", "1", "10.00") in items


def test_shopify_refunds_name_their_order_and_a_refunded_order_stays_completed(shopify):
    refunds = [(row["order_id"], row["amount"]) for row in shopify.tables["refunds"]]
    assert refunds == [("#1003", "20.00"), ("#1004", "29.90")]


def test_shopify_guests_are_members_by_their_address_and_an_order_without_one_is_anonymous(shopify):
    members = {row["email"]: row for row in shopify.tables["members"]}
    assert set(members) == {f"{name}@example.com" for name in ("ada", "ben", "cleo", "dan", "eve")}
    assert members["ada@example.com"]["registered_at"] == "2025-03-03T10:15:32+0100"
    assert members["ben@example.com"]["full_name"] == "Ben Okoro"
    assert not {"email", "phone", "member_id"} & shopify.by("orders", "order_id")["#1007"].keys()


def test_amounts_of_another_currency_are_never_taken_for_the_shops_own(shopify):
    assert shopify.proposal.settings.currency == "EUR"
    order = shopify.by("orders", "order_id")["#1008"]
    assert order.get("currency") == "USD" or order["net_amount"] == "40.00 USD"
    assert "EUR, USD" in notes(shopify)


def test_a_channel_that_is_not_known_is_the_usual_one_and_said(shopify):
    orders = shopify.by("orders", "order_id")
    assert (orders["#1004"]["channel"], orders["#1007"]["channel"]) == ("store", "web")
    assert "580111 (1); taken for web" in notes(shopify)


def test_shopify_lines_without_a_number_belong_to_the_order_above(tmp_path):
    path = written(
        tmp_path,
        "orders_export_1.csv",
        "Name,Email,Financial Status,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price,"
        "Billing Phone\n"
        "#1,a@example.com,paid,30.00,2025-01-02 10:00:00 +0000,1,Cup,10.00,1\n"
        ",,,,,2,Pot,10.00,\n",
    )
    found = imported(tmp_path / "home", path)
    assert [row["order_id"] for row in found.tables["order_items"]] == ["#1", "#1"]
    assert len(found.tables["orders"]) == 1
    assert found.name == "orders_export"


def test_woocommerce_statuses_are_codes_and_unknown_words_stay_to_be_seen(woocommerce):
    orders = woocommerce.by("orders", "order_id")
    assert {key: row["status"] for key, row in orders.items()} == {
        "501": "completed", "502": "completed", "503": "pending", "504": "completed", "505": "cancelled",
        "506": "completed", "507": "cancelled", "508": "completed", "509": "verschickt", "510": "completed",
    }  # fmt: skip
    assert "verschickt (1); name it with --status" in notes(woocommerce)
    assert woocommerce.prepared.checks["orders"].refused[("status", "not an allowed code")] == 1
    assert "net_amount" not in orders["510"]


def test_woocommerce_guests_have_customer_number_0_and_are_not_one_person(woocommerce):
    orders = woocommerce.by("orders", "order_id")
    assert all("member_id" not in orders[key] for key in ("502", "507", "508"))
    guests = {row["email"] for row in woocommerce.tables["members"] if "member_id" not in row}
    assert guests == {"guest1@example.com", "guest2@example.com"}
    assert {row["member_id"] for row in woocommerce.tables["members"] if "member_id" in row} == {
        "12",
        "13",
        "14",
        "15",
    }


def test_a_refunded_order_without_an_amount_is_paid_back_in_full(woocommerce):
    (refund,) = woocommerce.tables["refunds"]
    assert (refund["order_id"], refund["amount"]) == ("504", "25.50")


def test_woocommerce_lines_packed_into_columns_are_unpacked(tmp_path):
    found = imported(tmp_path, FILES / "woocommerce_order_export.csv")
    items = [tuple(row[name] for name in ("order_id", "line_number", "product_id", "quantity", "net_amount"))
             for row in found.tables["order_items"]]  # fmt: skip
    assert items == [
        ("901", "1", "woo-hoodie", "2", "90.00"),
        ("901", "2", "46", "1", "20.00"),
        ("902", "1", "woo-hoodie", "1", "40.00"),
        ("903", "1", "46", "1", "20.00"),
    ]
    assert found.by("products", "product_id")["46"]["product_name"] == "Cap, blue"
    assert found.proposal.settings.currency == "GBP"
    assert found.by("members", "member_id")["7"]["full_name"] == "Jo Reed"


def test_olist_files_are_joined_a_person_is_one_over_several_customer_numbers(olist):
    orders, members = olist.tables["orders"], olist.tables["members"]
    assert (len(orders), len(members)) == (7, 5)
    assert orders[0]["member_id"] == orders[2]["member_id"]
    assert [row["status"] for row in orders] == [
        "completed", "completed", "completed", "cancelled", "cancelled", "pending", "completed",
    ]  # fmt: skip
    assert not any(check.refused for check in olist.prepared.checks.values())


def test_olist_payments_add_up_and_items_with_freight_stand_in_for_them(olist):
    net = [Decimal(row["net_amount"]) for row in olist.tables["orders"]]
    assert net[0] == Decimal("18.12") + 2 + Decimal("18.59")
    assert net[6] == Decimal("115.10")
    assert {row["category"] for row in olist.tables["products"]} == {
        "utilidades_domesticas",
        "perfumaria",
        "general",
    }
    assert olist.name == "olist"


def test_online_retail_lines_add_up_to_orders(online_retail):
    orders = online_retail.by("orders", "order_id")
    assert orders["536365"]["net_amount"] == str(Decimal("2.55") * 6 + Decimal("3.39") * 6)
    assert orders["536365"]["ordered_at"] == "2010-12-01T08:26:00"
    assert "member_id" not in orders["536544"]
    assert "GIRLY PINK, £ TOOL SET" in {row["product_name"] for row in online_retail.tables["products"]}
    assert "ordered_at in 1" in notes(online_retail)


def test_online_retail_cancellations_are_refunds_of_no_known_order(online_retail):
    refunds = online_retail.by("refunds", "refund_id")
    assert {key: row["amount"] for key, row in refunds.items()} == {
        "C536379": "27.50", "C536383": "4.65", "536589": "0.00", "A563185": "11062.06",
    }  # fmt: skip
    assert refunds["C536379"]["order_id"] == "C536379"
    assert "refunds of an order that is not in these files: 4" in notes(online_retail)
    assert not {"C536379", "536589"} & online_retail.by("orders", "order_id").keys()


def test_a_cancellation_that_repeats_its_orders_number_names_it(tmp_path):
    path = written(
        tmp_path,
        "lines.csv",
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
        "100,A,Cup,5,2025-01-01 10:00,2.00,1,France\n100,B,Pot,-1,2025-01-01 10:00,3.00,1,France\n"
        "C100,A,Cup,-2,2025-01-03 10:00,2.00,1,France\n",
    )
    found = imported(tmp_path / "home", path)
    assert found.by("orders", "order_id")["100"]["net_amount"] == "10.00"
    assert {(row["refund_id"], row["order_id"], row["amount"]) for row in found.tables["refunds"]} == {
        ("C100", "100", "4.00"),
        ("100-returned", "100", "3.00"),
    }


def test_a_list_of_four_columns_is_enough(german):
    orders = german.by("orders", "order_id")
    assert (orders["2001"]["net_amount"], orders["2008"]["net_amount"]) == ("1234.50", "1000.00")
    assert orders["2002"]["ordered_at"] == "2025-01-02"
    assert german.proposal.settings.currency == "EUR"
    assert {row["email"] for row in german.tables["members"]} == {
        "anna.müller@example.com", "bernd@example.com", "clara@example.com", "dora@example.com",
    }  # fmt: skip
    assert german.prepared.delivered_on.isoformat() == "2025-02-12"


def test_what_cannot_be_read_keeps_its_text_and_is_counted_by_the_loaders_rules(german):
    orders = german.by("orders", "order_id")
    assert (orders["2006"]["ordered_at"], orders["2007"]["net_amount"]) == ("30.02.2025", "vierzig")
    check = german.prepared.checks["orders"]
    assert check.refused[("ordered_at", "not a timestamp")] == 1
    assert sum(count for (column, _), count in check.refused.items() if column.endswith("_amount")) == 1
    assert check.duplicates == 1


def test_chinese_headings_words_and_dates_are_understood(tmp_path):
    found = imported(tmp_path, in_encoding(tmp_path / "in", "订单.csv", "gb18030"))
    orders = found.tables["orders"]
    assert [(row["status"], row["channel"], row["ordered_at"]) for row in orders] == [
        ("completed", "mini_program", "2025-01-01T09:05:00"),
        ("completed", "store", "2025-01-02T18:30:00"),
        ("cancelled", "mini_program", "2025-01-03T20:10:00"),
        ("completed", "store", "2025-01-04T12:00:00"),
        ("completed", "web", "2025-01-05T08:00:00"),
    ]
    assert amounts(found, "20250101001") == [("100.00", "12.00", "88.00")]
    assert {row["member_id"] for row in found.tables["members"]} == {"M001", "M002", "M003"}


def test_an_amount_per_line_is_added_up_and_one_per_order_is_taken_once(tmp_path):
    head = "order id,date,product,amount\n"
    lines = written(
        tmp_path, "a.csv", head + "1,2025-01-01,Cup,10\n1,2025-01-01,Pot,5\n2,2025-01-02,Cup,10\n"
    )
    assert [row["net_amount"] for row in imported(tmp_path / "a", lines).tables["orders"]] == [
        "15.00",
        "10.00",
    ]
    once = written(
        tmp_path, "b.csv", head + "1,2025-01-01,Cup,15\n1,2025-01-01,Pot,15\n2,2025-01-02,Cup,10\n"
    )
    found = imported(tmp_path / "b", once)
    assert [row["net_amount"] for row in found.tables["orders"]] == ["15", "10"]
    assert "'amount' is taken once" in notes(found)


def test_a_broken_line_never_leaves_half_an_order(tmp_path):
    path = written(
        tmp_path,
        "a.csv",
        "InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice\n1,A,1,2025-01-01,2.00\n1,B,1,2025-01-01\n"
        "2,A,1,2025-01-02,x\n2,B,1,2025-01-02,1.00\n3,A,1,2025-01-03,1.00\n",
    )
    orders = imported(tmp_path / "home", path).by("orders", "order_id")
    assert orders["1"]["ordered_at"] == "4 cells, 5 headings"
    assert orders["2"]["net_amount"] == "x"
    assert orders["3"]["net_amount"] == "1.00"


def test_members_of_their_own_file_keep_it_and_other_buyers_are_added(tmp_path):
    orders = written(
        tmp_path, "orders.csv", "order id,customer id,date,total\n1,7,2025-01-05,10\n2,8,2025-01-06,10\n"
    )
    people = written(
        tmp_path,
        "people.csv",
        "customer id,email,name,joined\n7,a@example.com,Ann Lee,2024-05-01\n9,c@example.com,Cy Po,\n",
    )
    members = imported(tmp_path / "home", orders, people).by("members", "member_id")
    assert {key: row.get("registered_at") for key, row in members.items()} == {
        "7": "2024-05-01", "8": "2025-01-06", "9": None,
    }  # fmt: skip


def test_a_guest_written_in_two_spellings_is_one_and_no_row_of_theirs_is_refused(tmp_path):
    phones = ["139 1111 2222", "+86-13911112222", "１３９１１１１２２２２", "0086 139-1111-2222"]
    rows = [f"{number},{phone},,2025-01-0{number},10" for number, phone in enumerate(phones, 1)]
    rows += ["5,, Ann@Shop.cn,2025-01-05,10", "6,,ann@shop.cn,2025-01-06,10", "7,unknown,,2025-01-07,10"]
    rows += ["8,138 0013 8000,,2025-01-08,10"]  # the number that everybody puts in: nobody's
    text = "order id,phone,email,date,total\n" + "\n".join(rows) + "\n"
    found = imported(tmp_path / "home", written(tmp_path, "orders.csv", text), country="CN")
    assert [row["registered_at"] for row in found.tables["members"]] == ["2025-01-01", "2025-01-05"]
    assert len(found.tables["orders"]) == 8
    assert {table: check.rows_refused for table, check in found.prepared.checks.items()} == {
        "members": 0, "orders": 0,
    }  # fmt: skip


GUESTS = "phone,email,name,city,joined,updated_at\n"


@pytest.mark.parametrize("told", ["139 1111 2222,", ",ann@shop.cn"])
@pytest.mark.parametrize("rows", [1, 2, 3])
def test_however_many_rows_of_a_list_tell_one_person_without_a_number_they_are_one_member(
    tmp_path, told, rows
):
    orders = written(tmp_path, "orders.csv", f"order id,phone,email,date,total\n1,{told},2025-01-05,10\n")
    lines = [f"{told},Ann,{city},2024-05-0{9 - day}," for day, city in enumerate(["Bonn", "Rome", ""][:rows])]
    people = written(tmp_path, "people.csv", GUESTS + "\n".join(lines) + "\n")
    found = imported(tmp_path / "home", orders, people, country="CN", currency="CNY")
    check = found.prepared.checks["members"]
    assert (check.rows, check.rows_refused, check.duplicates) == (rows, 0, rows - 1)
    seen = {(row["city"], row["registered_at"]) for row in found.tables["members"]}
    assert seen == {("Rome" if rows > 1 else "Bonn", f"2024-05-0{10 - rows}")}
    assert ("members without a number whose rows differ: 1;" in notes(found)) == (rows > 1)


def test_rows_of_one_person_are_put_together_in_any_spelling_and_what_cannot_be_read_alone(tmp_path):
    lines = [
        "139 1111 2222,,Li Wei,,2024-05-01,2024-05-03", "+86-13911112222,,,Bonn,2024-06-01,2024-05-02",
        "１３９１１１１２２２２,,Li,Rome,2024-07-01,",  # says of no change, so it is before those that do
        ",Ann@Shop.cn,Ann,,2024-05-01,", ",ann@shop.cn,Ann,,,", ",ann@shop.cn,Ann,,2024-99-01,",
        ",cy@shop.cn,Cy,,2024-05-01,", ",cy@shop.cn,Cy,,2024-05-01,",
        ",n/a,Bo,,2024-05-01,", ",n/a,Bo,,2024-05-02,",
        ",dan@shop.cn,Dan,Pisa,2024-05-01", "139 1111 2222,dan@shop.cn,Dan,,2024-05-01,",
    ]  # fmt: skip
    path = written(tmp_path, "people.csv", GUESTS + "\n".join(lines) + "\n")
    found = imported(tmp_path / "home", path, country="CN", currency="CNY", table="members")
    check = found.prepared.checks["members"]
    assert check.refused == {("registered_at", "not a timestamp"): 2, ("member_id", "required but empty"): 2}
    assert (check.rows, check.duplicates) == (12, 4)
    members = found.tables["members"]
    assert {(row["full_name"], row["city"], row["registered_at"]) for row in members[:3]} == {
        ("Li Wei", "Bonn", "2024-05-01")
    }
    assert [row["registered_at"] for row in members[3:6]] == ["2024-05-01", "2024-05-01", "2024-99-01"]
    assert "members without a number whose rows differ: 2;" in notes(found)
    assert "city" not in members[11]


def test_an_amount_below_zero_in_a_list_is_a_refund_of_its_order(tmp_path):
    path = written(
        tmp_path,
        "a.csv",
        "order id,customer id,date,total\n1,7,2025-01-05,10\n1,7,2025-01-09,-4.50\n9,8,2025-01-06,(3)\n",
    )
    found = imported(tmp_path / "home", path)
    assert [row["order_id"] for row in found.tables["orders"]] == ["1"]
    assert [
        (row["refund_id"], row["order_id"], row["amount"], row["refunded_at"])
        for row in found.tables["refunds"]
    ] == [
        ("1-2025-01-09", "1", "4.50", "2025-01-09"),
        ("9-2025-01-06", "9", "3", "2025-01-06"),
    ]


def test_marks_by_which_spreadsheets_know_text_are_no_part_of_it(tmp_path):
    path = written(
        tmp_path, "a.csv", 'order id,customer id,date,total\n\'0012,"=""007""",05-Jan-25,USD 10.00\n'
    )
    found = imported(tmp_path / "home", path)
    (order,) = found.tables["orders"]
    assert [order[name] for name in ("order_id", "member_id", "ordered_at", "net_amount")] == [
        "0012", "007", "2025-01-05", "10.00",
    ]  # fmt: skip
    assert found.proposal.settings.currency == "USD"


def test_customers_without_a_date_are_registered_with_their_first_order_by_address(tmp_path):
    people = written(
        tmp_path,
        "customers.csv",
        "Customer ID,First Name,Last Name,Email,Total Orders\n'88,Ann,Lee,A@example.com,1\n",
    )
    orders = written(tmp_path, "orders.csv", "order id,email,date,total\n1,a@example.com,2025-01-05,10\n")
    found = imported(tmp_path / "home", orders, people)
    (member,) = [row for row in found.tables["members"] if row.get("member_id") == "88"]
    assert (member["full_name"], member["registered_at"]) == ("Ann Lee", "2025-01-05")


def test_a_list_without_order_numbers_is_refused_with_what_is_needed(tmp_path):
    path = written(tmp_path, "a.csv", "customer id,date,total\n7,2025-01-05,10\n")
    with pytest.raises(InputFault, match="was found for order_id"):
        imported(tmp_path / "home", path, table="orders")


def test_columns_of_customers_are_read_by_what_stands_in_them(tmp_path):
    for number, (value, field) in enumerate(
        [
            ("a@example.com", "email"),
            ("+49 171 1234567", "phone"),
            ("13912345678", "phone"),
            ("Ann Lee", "full_name"),
        ]
    ):
        path = written(tmp_path, f"{number}.csv", f"order,customer,date,amount\n1,{value},2025-01-05,10\n")
        found = imported(tmp_path / f"home{number}", path)
        assert found.proposal.files[0].mapping.columns[field] == "customer"
        assert "member_id" not in found.tables["orders"][0]


def test_numbers_that_a_spreadsheet_spoiled_are_said(tmp_path):
    path = written(
        tmp_path,
        "a.csv",
        "order id,customer id,date,total\n2001.0,7.0,2025-01-05,10\n1.38E+10,8,2025-01-06,10\n",
    )
    found = imported(tmp_path / "home", path)
    assert [row["order_id"] for row in found.tables["orders"]] == ["2001", "1.38E+10"]
    assert "1 of 'order id' were written like 2001.0" in notes(found)
    assert "digits are lost" in notes(found)


def test_files_of_one_kind_come_together_each_with_its_rows(tmp_path):
    (tmp_path / "in").mkdir()
    for year in (2024, 2025):
        written(
            tmp_path / "in",
            f"orders-{year}.csv",
            f"order id,customer id,date,total\n{year}1,7,{year}-01-05,10\n",
        )
    found = imported(tmp_path / "home", *sorted((tmp_path / "in").iterdir()))
    assert [path.name for path in found.prepared.converted.files["orders"]] == [
        "orders-2024.parquet",
        "orders-2025.parquet",
    ]
    assert [row["source_row_number"] for row in found.tables["orders"]] == [2, 2]


def test_the_standard_shape_needs_no_mapping(tmp_path):
    path = written(
        tmp_path,
        "orders.csv",
        "order_id,system,member_id,channel,ordered_at,status,gross_amount,discount_amount,net_amount\n"
        "1,pos,1001,store,2025-09-01T10:20:00+08:00,completed,58.00,0,58.00\n",
    )
    found = imported(tmp_path / "home", path)
    (order,) = found.tables["orders"]
    assert order == {
        "order_id": "1", "system": "pos", "member_id": "1001", "channel": "store", "status": "completed",
        "ordered_at": "2025-09-01T10:20:00+08:00", "gross_amount": "58.00", "discount_amount": "0",
        "net_amount": "58.00", "source_row_number": 2,
    }  # fmt: skip


def test_gzip_and_other_names_give_the_same_rows(tmp_path, online_retail):
    import gzip

    packed = tmp_path / "retail.csv.gz"
    packed.write_bytes(gzip.compress((FILES / "online_retail.csv").read_bytes()))
    again = imported(tmp_path / "home", packed, currency="GBP")
    assert again.tables == online_retail.tables
    shutil.rmtree(tmp_path / "home")
