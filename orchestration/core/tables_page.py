"""The page `docs/tables.md`: every public relation, of dbt's manifest.

Belongs here: which relations readers get, what the page says of each, its layout.
Does not: parsing the project (warehouse.dbt), printing (cli.tables).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

Manifest = Mapping[str, Any]
"""``manifest.json`` as dbt writes it."""

ROOMS = ("core", "marts", "audiences", "experiments", "serving", "staging", "seeds")
"""In the order in which data flows; what Rekindle itself writes and what people write come last."""

_HEAD = """# Tables

What readers of a published file get: {count} tables and views, by domain. Columns are described by comments
in the file itself and in the `.yml` beside each model. Keeps: of tables with an as-of date the `newest`,
those of the build (`weeks`), or `all` there ever were. Read by: the exposures that name the table itself.

Generated: `make docs` writes this page from dbt's manifest.
"""


def public_relations(manifest: Manifest) -> list[Mapping[str, Any]]:
    """Models and seeds that readers of a published file get."""
    return [
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] in ("model", "seed") and node["config"]["meta"].get("public")
    ]


def tables_page(manifest: Manifest) -> str:
    """The page as Markdown, a section per domain and a line per relation."""
    sections: dict[tuple[int, str], list[Mapping[str, Any]]] = defaultdict(list)
    relations = public_relations(manifest)
    for node in relations:
        sections[_section(node)].append(node)
    exposures = _exposures(manifest)
    lines = [_HEAD.format(count=len(relations))]
    for (_, title), nodes in sorted(sections.items()):
        lines += [f"## {title}", "", "| table | what a row is | keeps | read by |", "|---|---|---|---|"]
        lines += [_line(node, exposures) for node in sorted(nodes, key=lambda node: node["name"])]
        lines.append("")
    return "\n".join(lines)


def _section(node: Mapping[str, Any]) -> tuple[int, str]:
    """Where a relation stands: rank of its room, and the title of its domain."""
    room = "seeds" if node["resource_type"] == "seed" else node["fqn"][1]
    folder = node["fqn"][-2] if room != "core" else "core"
    title = {"marts": folder, "staging": "what Rekindle itself writes", "seeds": "definitions"}.get(
        room, room
    )
    return ROOMS.index(room), title.capitalize()


def _line(node: Mapping[str, Any], exposures: Mapping[str, list[str]]) -> str:
    sentence = re.split(r"(?<=\.)\s", " ".join(node["description"].split()))[0].replace("|", "\\|")
    keeps = node["config"]["meta"].get("keeps", "")
    read_by = ", ".join(exposures[node["unique_id"]])
    return f"| `{node['schema']}.{node['name']}` | {sentence} | {keeps} | {read_by} |"


def _exposures(manifest: Manifest) -> dict[str, list[str]]:
    """By relation, the labels of the exposures that name it."""
    named: dict[str, list[str]] = defaultdict(list)
    for label, relation in sorted(_named_by(manifest)):
        named[relation].append(label)
    return named


def _named_by(manifest: Manifest) -> Iterator[tuple[str, str]]:
    for exposure in manifest["exposures"].values():
        for relation in exposure["depends_on"]["nodes"]:
            yield exposure["label"] or exposure["name"], relation
