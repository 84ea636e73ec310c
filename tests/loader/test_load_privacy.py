"""Contact details lie in landing and vault and nowhere else."""

from __future__ import annotations

import pyarrow.parquet as pq
import pytest
from small_shop import ORDER

from orchestration.core.errors import InputFault, RekindleError
from orchestration.core.pseudonyms import pseudonym
from orchestration.loader.secret import read_secret
from orchestration.project import SECRET_VARIABLE

# Row two is quarantined for its level, row three slipped one column to the right, row four repeats a key.
CANARIES = {
    "member_id": ["m1", "m2", "m3", "m1", "m5"],
    "phone": ["13987650001", "+86 139-8765-0002", "m3-slipped", "13987650004", None],
    "email": ["canary1@example.org", "Canary2@Example.org", "13987650003", "canary4@example.org", ""],
    "union_id": ["oCanaryUnion1", "oCanaryUnion2", "canary3@example.org", "oCanaryUnion4", None],
    "card_number": ["CANARY-CARD-1", "canary card 2", "oCanaryUnion3", "CANARYCARD4", None],
    "full_name": ["Canary Nightingale", "Kanarie  Zwei", "CANARYCARD3", "Vier Kanarie", None],
    "street_address": ["1 Canary Wharf", "2 Canary Wharf", "Drei Kanarie", "4 Canary Wharf", None],
    "birth_month": ["1", "2", "3 Canary Wharf", "4", "5"],
    "level": ["gold", "13987650009", "3", "gold", "basic"],
}
CONTACTS = ("phone", "email", "union_id", "card_number", "full_name", "street_address")
MARKS = ("canary", "kanarie", "1398765", "139-8765", "nightingale", "slipped")


@pytest.fixture(params=["csv", "parquet"])
def loaded_shop(shop, request):
    shop.deliver("members", CANARIES, form=request.param)
    shop.deliver("orders", {name: [value] for name, value in ORDER.items()})
    summary = shop.load()
    (members,) = [t for t in summary.tables if t.table == "members"]
    assert (members.rows_loaded, members.rows_quarantined) == (2, 3)
    return shop


def finds(path):
    """The marks of contact details in a file, in its bytes or in a Parquet file's values and statistics."""
    texts = [path.read_bytes().decode("latin-1")]
    if path.suffix == ".parquet":
        texts += [str(pq.read_table(path, partitioning=None).to_pydict()), str(pq.read_schema(path).metadata)]
        texts += [str(pq.read_metadata(path).to_dict())]
    return [mark for mark in MARKS for text in texts if mark in text.lower()]


def test_no_contact_detail_leaves_landing_and_vault(loaded_shop):
    home = loaded_shop.home
    private = (home.landing, home.vault)
    scanned = [
        path
        for path in home.root.rglob("*")
        if path.is_file() and not any(path.is_relative_to(folder) for folder in private)
    ]

    assert len(scanned) > 5
    assert {str(path): finds(path) for path in scanned if finds(path)} == {}
    assert not [mark for mark in MARKS for line in loaded_shop.said if mark in line.lower()]


def test_the_scan_would_find_one(loaded_shop):
    (vault,) = (loaded_shop.home.vault / "contacts").rglob("*.parquet")
    assert set(finds(vault)) >= {"canary", "1398765"}


def test_loaded_contacts_are_pseudonyms_under_the_secret(loaded_shop):
    secret = read_secret(loaded_shop.home).value
    row = next(row for row in loaded_shop.loaded("members") if row["member_id"] == "m1")
    kept = 0 if row["phone"] == pseudonym(secret, "phone", CANARIES["phone"][0]) else 3
    kinds = ("phone", "email", "union_id", "card", "name", "address")
    assert [row[column] for column in CONTACTS] == [
        pseudonym(secret, kind, CANARIES[column][kept]) for column, kind in zip(CONTACTS, kinds, strict=True)
    ]


def test_quarantined_contacts_are_the_same_pseudonyms(loaded_shop):
    secret = read_secret(loaded_shop.home).value
    row = next(row for row in loaded_shop.quarantined("members") if row["member_id"] == "m2")
    assert row["phone"] == pseudonym(secret, "phone", "13987650002")
    # Of a value that may be a contact detail only how it is written.
    assert row["level"] == "(withheld) 99999999999"
    assert row["birth_month"] == "2"


def test_an_empty_contact_has_no_pseudonym(loaded_shop):
    row = next(row for row in loaded_shop.loaded("members") if row["member_id"] == "m5")
    assert [row[column] for column in CONTACTS] == [None] * 6


def test_the_vault_leads_from_pseudonym_to_contact(loaded_shop):
    path = loaded_shop.home.vault / "contacts/shop/members/delivered=2024-06-01.parquet"
    rows = {row["member_id"]: row for row in pq.read_table(path, partitioning=None).to_pylist()}
    loaded = {row["member_id"]: row for row in loaded_shop.loaded("members")}

    assert set(rows) == set(loaded) == {"m1", "m5"}
    assert rows["m1"]["full_name"] in ("Canary Nightingale", "Vier Kanarie")
    for member, row in rows.items():
        assert [row[f"{column}_pseudonym"] for column in CONTACTS] == [loaded[member][c] for c in CONTACTS]
    assert "level" not in rows["m1"]


def test_vault_and_secret_are_for_the_owner_only(loaded_shop):
    for path in [loaded_shop.home.vault, *loaded_shop.home.vault.rglob("*")]:
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path


def test_tables_without_contacts_have_no_vault_file(loaded_shop):
    assert [p.name for p in (loaded_shop.home.vault / "contacts/shop").iterdir()] == ["members"]


def test_blocked_values_are_recognised_by_their_pseudonyms(loaded_shop):
    secret = read_secret(loaded_shop.home).value
    table = pq.read_table(loaded_shop.home.own_tables / "blocked_identifiers.parquet")

    assert table.schema.names == ["identifier_type", "pseudonym", "reason"]
    # Two spellings are one row; a phone without digits is empty in the data as well.
    assert table.to_pylist() == [
        {
            "identifier_type": "phone",
            "pseudonym": pseudonym(secret, "phone", "13800000000"),
            "reason": "placeholder",
        }
    ]


def test_an_open_vault_is_refused(shop):
    shop.deliver_required()
    shop.load()
    shop.home.vault.chmod(0o755)
    with pytest.raises(RekindleError, match="chmod 700"):
        shop.load()


def test_the_secret_is_made_once_and_kept(shop):
    first = read_secret(shop.home)
    assert len(first.value) == 64
    assert read_secret(shop.home) == first
    assert (shop.home.vault / "secret.fingerprint").read_text().strip() == first.fingerprint
    assert first.value not in repr(first)


def test_the_environment_may_hold_the_secret(shop, monkeypatch):
    monkeypatch.setenv(SECRET_VARIABLE, "e" * 32)
    assert read_secret(shop.home).value == "e" * 32
    assert not shop.home.secret_file.exists()


@pytest.mark.parametrize("length", [1, 31])
def test_a_short_secret_is_refused(shop, monkeypatch, length):
    monkeypatch.setenv(SECRET_VARIABLE, "e" * length)
    with pytest.raises(InputFault, match="at least 32"):
        read_secret(shop.home)


def test_another_secret_is_refused_and_names_neither(shop, monkeypatch):
    shop.deliver_required()
    shop.load()
    secret = read_secret(shop.home)
    monkeypatch.setenv(SECRET_VARIABLE, "another secret of more than 32 characters")
    with pytest.raises(InputFault, match=secret.fingerprint) as fault:
        shop.load()
    assert secret.value not in str(fault.value)
    assert "another secret of more" not in str(fault.value)
    assert fault.value.exit_code == 2


def test_another_secret_is_refused_even_when_the_fingerprint_file_is_lost(shop, monkeypatch):
    shop.deliver_required()
    shop.load()
    (shop.home.vault / "secret.fingerprint").unlink()
    monkeypatch.setenv(SECRET_VARIABLE, "another secret of more than 32 characters")
    with pytest.raises(InputFault, match="another secret"):
        shop.load()


def test_a_lost_secret_is_not_made_anew(shop):
    shop.deliver_required()
    shop.load()
    shop.home.secret_file.unlink()
    with pytest.raises(InputFault, match="The secret is gone"):
        shop.load()
    assert not shop.home.secret_file.exists()


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_secret_others_may_read_is_refused(shop, mode):
    read_secret(shop.home)
    shop.home.secret_file.chmod(mode)
    with pytest.raises(InputFault, match="chmod 600"):
        read_secret(shop.home)
