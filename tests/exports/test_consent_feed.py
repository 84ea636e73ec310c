"""The consent feed of every source is fresh and whole, or nothing is exported."""

import pytest

from orchestration.core.errors import RekindleError
from orchestration.exports.writing import export

LOADS = "staging.stg_rekindle__loads"
INSERT = f"insert into {LOADS} (source, table_name, delivered_on, status, rows_loaded) values"
ONLY = "where table_name = 'consents'"
OLD = f"update {LOADS} set delivered_on = date '2025-12-20' {ONLY}"


@pytest.mark.parametrize(
    ("loads", "said"),
    [
        (f"delete from {LOADS} {ONLY}", "no delivery of consents"),
        (OLD, "8 days before"),
        (f"{INSERT} ('chain', 'consents', date '2025-12-21', 'loaded', 126)", "100 accepted rows"),
        # A shrunken feed is no more whole for coming twice.
        (
            f"update {LOADS} set rows_loaded = 79 {ONLY}; {INSERT} ('chain', 'consents', "
            "date '2025-12-20', 'loaded', 100), ('chain', 'consents', date '2025-12-27', 'loaded', 79)",
            "79 accepted rows",
        ),
        (f"{INSERT} ('chain', 'consents', date '2025-12-29', 'loaded', 79)", "79 accepted rows"),
        # One dated in the future, an empty or wholly quarantined one says nothing of today.
        (f"update {LOADS} set delivered_on = date '2026-01-05' {ONLY}", "no delivery of consents of"),
        (f"{OLD}; {INSERT} ('chain', 'consents', date '2026-01-05', 'loaded', 100)", "8 days before"),
        (f"update {LOADS} set rows_loaded = 0 {ONLY}", "no delivery of consents of"),
        (f"{OLD}; {INSERT} ('chain', 'consents', date '2025-12-28', 'loaded', 0)", "8 days before"),
        (f"{INSERT} ('chain', 'consents', date '2025-12-29', 'loaded', 0)", "0 accepted rows"),
        # Each source is heard by itself.
        (
            f"{INSERT} ('till', 'consents', date '2025-12-20', 'loaded', 9)",
            "consents of till .* 8 days before",
        ),
        (f"{INSERT} ('a_till', 'consents', date '2025-12-28', 'loaded', 0)", "consents of a_till"),
    ],
)
def test_a_consent_feed_that_may_lack_opt_outs_blocks_every_file(shop, loads, said):
    shop.change(loads)
    with pytest.raises(RekindleError, match=said):
        export(shop.home)
    assert not shop.home.exports.exists()


@pytest.mark.parametrize(
    ("loads", "until"),
    [
        (f"update {LOADS} set delivered_on = date '2025-12-21' {ONLY}", "2025-12-21"),
        (f"{INSERT} ('chain', 'consents', date '2025-12-21', 'loaded', 125)", "2025-12-28"),
        (f"{INSERT} ('chain', 'consents', date '2025-12-21', 'loaded', 1)", "2025-12-28"),
        (f"update {LOADS} set delivered_on = date '2026-01-04' {ONLY}", "2026-01-04"),
        (f"{INSERT} ('till', 'consents', date '2025-12-21', 'loaded', 9)", "2025-12-21"),
    ],
)
def test_a_consent_feed_at_its_limits_is_heard(shop, loads, until):
    shop.change(loads)
    [manifest] = [file.manifest for file in export(shop.home)]
    assert (manifest["rows"], manifest["consents_delivered_on"]) == (3, until)
