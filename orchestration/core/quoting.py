"""Texts and names as SQL takes them literally.

Belongs here: quoting.
Does not: any other SQL, paths (``files``).
"""

from __future__ import annotations


def quoted(name: str) -> str:
    """A name as SQL takes it literally."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as SQL takes it literally."""
    return "'" + text.replace("'", "''") + "'"
