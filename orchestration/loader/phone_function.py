"""The one function that DuckDB needs from Python: what a phone number is, beyond the common ones.

Belongs here: making it known to a connection.
Does not: the function itself (orchestration.core.phones).
"""

from __future__ import annotations

import duckdb

from orchestration.core.phones import PHONE_FUNCTION, phone_form


def know_phones(connection: duckdb.DuckDBPyConnection) -> None:
    """Let the connection run ``phone_sql`` and what is made of it."""
    connection.create_function(
        PHONE_FUNCTION, _phone_form, ["VARCHAR", "VARCHAR"], "VARCHAR", null_handling="special"
    )


def _phone_form(text: str | None, country: str) -> str | None:
    return None if text is None else phone_form(text, country)
