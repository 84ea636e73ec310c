"""Tables written down in small CSV files that a reader checks by hand.

Belongs here: comparing what a query finds with its file, naming members as the deliveries name them.
Does not: the deliveries, which tables are written down.

``REKINDLE_UPDATE_GOLDEN=1`` writes the files anew; read the difference before committing it.
"""

from __future__ import annotations

import csv
import difflib
import io
import os
from pathlib import Path

import duckdb
import pytest

# The key of a member means nothing to a reader; the smallest of its record numbers does.
NAMED = """
    select member_key, min(member_id) as member
    from core.int_identity__members
    group by member_key
"""


def hold_against(file: Path, connection: duckdb.DuckDBPyConnection, query: str) -> None:
    """Fail with the lines in which the rows of the query differ from the file."""
    cursor = connection.execute(f"from ({query}) order by all")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([column for column, *_ in cursor.description])
    writer.writerows(cursor.fetchall())
    found = text.getvalue()
    if os.environ.get("REKINDLE_UPDATE_GOLDEN"):
        file.write_text(found, encoding="utf-8")
    written = file.read_text(encoding="utf-8")

    if found != written:
        difference = difflib.unified_diff(
            written.splitlines(),
            found.splitlines(),
            f"written down: {file.name}",
            "found now",
            lineterm="",
            n=0,
        )
        pytest.fail("\n".join(difference), pytrace=False)
