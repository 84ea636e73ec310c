"""Every loader test gets a small shop of its own."""

from __future__ import annotations

import shutil

import pytest
from small_shop import Shop

from orchestration.project import SECRET_VARIABLE, SEEDS_DIR, Home


@pytest.fixture
def shop(tmp_path, monkeypatch):
    monkeypatch.delenv(SECRET_VARIABLE, raising=False)
    seeds = tmp_path / "seeds"
    (seeds / "identity").mkdir(parents=True)
    shutil.copytree(SEEDS_DIR / "sources", seeds / "sources")
    # Wide open: what types can hold is tested first.
    (seeds / "sources" / "plausible_ranges.csv").write_text(
        "range_name,earliest,days_after_delivery,lowest,highest,why\n"
        "happened,0001-01-01,,,,any\ndate,0001-01-01,,,,any\n"
        "amount,,,-1000000000,1000000000,any\n"
    )
    (seeds / "identity" / "blocked_identifiers.csv").write_text(
        "identifier_type,value,reason\n"
        "phone,13800000000,placeholder\nphone,+86 13800000000,again\nphone,unknown,text\n"
    )
    return Shop(Home(tmp_path / "home"), seeds)
