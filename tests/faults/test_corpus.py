"""A corpus of odd files: each ends as it must, by the documented way; docs/reliability.md has the table.

A case that does not end as it must is no line of the table, so nothing is promised there that was not seen.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from datetime import datetime, time

import pyarrow.parquet as pq
import pytest

from orchestration.cli.deliver import deliver
from orchestration.core.errors import RekindleError
from orchestration.project import HOME_VARIABLE, PROJECT_DIR, Home
from tests.built import load_chain
from tests.faults.corpus import CASES, DELIVERED_ON, Case, described, put_files

PAGE = PROJECT_DIR / "docs" / "reliability.md"
START, END = "<!-- corpus -->\n", "<!-- end of corpus -->\n"
COLUMNS = "| odd | delivered | ends |\n|---|---|---|\n"
IN_THE_SAMPLE = 1
# What every small file gets, whatever is odd about it.
OF_EVERY_SMALL_FILE = ("not delivered, stays empty", "Many rows in quarantine")
SEEN: dict[tuple[str, str], str] = {}


def end_of(case: Case, folder, monkeypatch) -> tuple[str | tuple[int, int, int], str]:
    """Deliver a case and load it; its end, and all that was told of it."""
    home = Home(folder / "home")
    monkeypatch.setenv(HOME_VARIABLE, str(home.root))
    try:
        for table, path in put_files(case, folder):
            deliver([path], source="chain", table=table, on=datetime.combine(DELIVERED_ON, time()))
        said = load_chain(home)
    except RekindleError as refusal:
        return "refused", str(refusal)
    (count,) = [
        line for line in said if line.startswith(f"chain.{case.table} delivered") and " rows in, " in line
    ]
    rows_in, *ended = (
        int(number.replace(",", ""))
        for number in re.findall(r"([\d,]+) (?:rows in|loaded|quar|exact)", count)
    )
    assert rows_in == sum(ended), "rows in are not what became of them"
    told = [
        line.split(": ", 1)[1]
        for line in said
        if line.startswith(f"chain.{case.table} delivered") and line != count
    ]
    if case.kind != "delivery":
        told = [each for each in told if not each.startswith(OF_EVERY_SMALL_FILE)]
    for path in home.quarantine.glob(f"chain/{case.table}/**/*.parquet"):
        told += [
            ": ".join(filter(None, (row["quarantine_column"], row["quarantine_reason"])))
            for row in pq.read_table(path, partitioning=None).to_pylist()
        ]
    return tuple(ended), "; ".join(dict.fromkeys(told))


def in_words(end: str | tuple[int, int, int], told: str) -> str:
    """An end as the table tells it."""
    if isinstance(end, str):
        reasons = [line.removeprefix("  - ") for line in told.splitlines() if line.startswith("  - ")]
        return "refused: " + ("; ".join(reasons) or told.splitlines()[0]).replace("|", "\\|")
    counts = [
        f"{count} {word}"
        for count, word in zip(end, ("loaded", "quarantined", "dropped as an exact duplicate"), strict=True)
        if count
    ]
    return ", ".join(counts or ["nothing to load"]) + (f" ({told})" if told else "").replace("|", "\\|")


def a_sample():
    """One case of each kind; the others are of the slow suite."""
    of_kind = Counter()
    for case in CASES:
        of_kind[case.kind] += 1
        marks = () if of_kind[case.kind] <= IN_THE_SAMPLE else pytest.mark.slow
        yield pytest.param(case, marks=marks, id=f"{case.kind}: {case.what}")


@pytest.mark.parametrize("case", a_sample())
def test_an_odd_file_ends_as_it_must(case, tmp_path, monkeypatch):
    end, told = end_of(case, tmp_path, monkeypatch)

    assert end == case.end, told
    missing = [text for text in case.told if text not in told]
    assert not missing, told
    SEEN[case.kind, case.what] = in_words(end, told)


@pytest.mark.slow
def test_the_table_of_ends_is_what_was_seen():
    if len(SEEN) < len(CASES):
        pytest.skip("not every case was run, or one did not end as it must")
    text = PAGE.read_text(encoding="utf-8")
    head, rest = text.split(START)
    tail = rest.split(END)[1]
    table = COLUMNS + "".join(described(case, SEEN[case.kind, case.what]) + "\n" for case in CASES)
    if os.environ.get("REKINDLE_UPDATE_GOLDEN"):
        PAGE.write_text(head + START + table + END + tail, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == head + START + table + END + tail
