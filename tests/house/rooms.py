"""The rooms of the house: what each may read; `docs/rooms.md` shows the same tables to readers.

Belongs here: the tables and the rules that hold them.
Does not: reading the project (``reading.py``), what a line looks like (``test_sql.py``, ``test_python.py``).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from tests.house.reading import Model, Module


@dataclass(frozen=True)
class Room:
    """One row of a table in ``docs/rooms.md``.

    Attributes:
        name: Folder below ``dbt_project/models/`` or ``orchestration/``.
        reads: Rooms; in SQL also ``own source``, ``seeds`` or parts of ``seeds/``.
        does: In words.
        leaves: What it must not do, in words; what of it can be read from the text is a rule of its own.
    """

    name: str
    reads: tuple[str, ...]
    does: str
    leaves: str


SQL_ROOMS = (
    Room("staging", ("own source",), "rename, cast every column, dedupe", "join, business rules, seeds"),
    Room(
        "intermediate",
        (
            "staging",
            "intermediate",
            "seeds/identity",
            "seeds/metrics",
            "seeds/lifecycle/categories",
            "seeds/lifecycle/event_types",
            "seeds/value/rfm_settings",
        ),
        "unite sources, fold, run totals",
        "score, band, tag",
    ),
    Room("marts", ("intermediate", "marts", "seeds"), "apply definitions", "literals that mean something"),
    Room(
        "audiences",
        ("marts", "audiences", "seeds", "the ledger"),
        "decide, explain, plan",
        "recompute a tag; change a sealed week",
    ),
    Room(
        "experiments",
        ("marts", "audiences", "experiments", "seeds", "the ledger", "judgements"),
        "assign, sum over members",
        "judge; show a member's outcome",
    ),
    Room("serving", ("marts", "audiences", "experiments", "serving"), "select, rename", "any logic"),
)

# What "the ledger" is: sealed weeks under the keys of today, and what campaigns are defined as now.
LEDGER = {
    "intermediate.int_sealed_weeks",
    "intermediate.int_sealed_decisions",
    "intermediate.int_sealed_touches",
    "intermediate.int_definition_hashes",
}

# What "judgements" are: what Python made of the sums, and the rules it went by.
JUDGEMENTS = {
    "intermediate.int_experiment_results",
    "intermediate.int_experiment_plans",
    "intermediate.int_experiment_decisions",
    "intermediate.int_experiment_rules",
}

# Seeds that intermediate reads beside those of identity and metrics: they say what is folded, none judges.
# The same reasons stand below the table in docs/rooms.md.
INTERMEDIATE_SEEDS = {
    "seeds/lifecycle/categories": "places each product in the category group it is folded under",
    "seeds/lifecycle/event_types": (
        "says which events of all sources count as interaction, visit, intent or key behaviour"
    ),
    "seeds/value/rfm_settings": (
        "only the window's length, which decides what is summed; cut points stay in marts"
    ),
}

PYTHON_ROOMS = (
    Room("core", ("core",), "mathematics and rules on values", "frameworks, files, the clock"),
    Room(
        "sources",
        ("core", "project", "sources"),
        "fetch, write deliveries",
        "clean, join, open the warehouse",
    ),
    Room(
        "loader",
        ("core", "project", "loader"),
        "hold deliveries against the contract, pseudonymise, write typed files",
        "know a source by name, open the warehouse",
    ),
    Room(
        "warehouse",
        ("core", "project", "warehouse"),
        "lock, build, audit, publish, keep versions",
        "know how files were loaded, know Dagster",
    ),
    Room(
        "report",
        ("core", "project", "warehouse", "report"),
        "read published aggregates, lay out tables, draw pictures",
        "compute what SQL computes, read member rows",
    ),
    Room(
        "exports",
        ("core", "project", "warehouse", "exports"),
        "join contact details to what is published and sealed, write files for sending tools",
        "decide who enters, send, write into the warehouse",
    ),
    Room(
        "assets",
        ("core", "project", "loader", "warehouse", "report", "assets", "assembly"),
        "read, call, write, metadata",
        "arithmetic, SQL over ten lines",
    ),
    Room("checks", ("core", "project", "assets", "assembly"), "judge what is published", "change anything"),
    Room(
        "assembly",
        (
            "core",
            "project",
            "sources",
            "loader",
            "warehouse",
            "report",
            "exports",
            "assets",
            "checks",
            "assembly",
        ),
        "put the rooms together: definitions, resources, jobs, sensors, command line",
        "be read by core, sources, loader, warehouse, report or exports",
    ),
)

# Libraries a room may not import. core is stricter still: it has a list of what it may.
FORBIDDEN_LIBRARIES = {
    "sources": {"dagster", "dagster_dbt", "dbt", "pandas", "typer"},
    "loader": {"dagster", "dagster_dbt", "dbt", "pandas", "typer"},
    "warehouse": {"dagster", "dagster_dbt", "pandas", "typer"},
    "report": {"dagster", "dagster_dbt", "dbt", "duckdb", "pandas", "typer"},
    "exports": {"dagster", "dagster_dbt", "dbt", "pandas", "typer"},
    "assets": {"dbt", "duckdb", "pandas", "pyarrow", "typer"},
    "checks": {"dbt", "duckdb", "pandas", "pyarrow", "typer"},
    "assembly": {"pandas"},
}
CORE_LIBRARIES = {
    "__future__", "collections", "dataclasses", "datetime", "decimal", "enum", "fractions", "functools",
    "hashlib", "hmac", "itertools", "json", "math", "numpy", "operator", "re", "scipy", "statistics",
    "tea_tasting", "typing", "unicodedata", "zoneinfo",
}  # fmt: skip
# Calls by which a function would read a file or the clock.
_READS_WORLD = {"open", "now", "today", "utcnow", "time", "monotonic", "getenv", "read_text", "input"}


def rows(rooms: tuple[Room, ...]) -> list[list[str]]:
    """The table as ``docs/rooms.md`` shows it."""
    return [
        [f"`{room.name}`", ", ".join(f"`{read}`" for read in room.reads), room.does, room.leaves]
        for room in rooms
    ]


def forbidden_reads(model: Model, rooms: tuple[Room, ...] = SQL_ROOMS) -> Iterator[str]:
    """What a model reads and its room may not."""
    allowed = {room.name: room.reads for room in rooms}
    if model.room not in allowed:
        yield f"{model.folder}/{model.name}: no such room; rooms are {', '.join(allowed)}"
        return
    for read in model.reads:
        if not any(_covers(entry, read, model) for entry in allowed[model.room]):
            may_read = ", ".join(allowed[model.room])
            yield f"{model.folder}/{model.name} reads {read}; {model.room} may read {may_read}"


def _covers(entry: str, read: str, model: Model) -> bool:
    if entry == "own source":
        return read == f"source.{model.folder.split('/')[-1]}"
    if entry == "the ledger":
        return read in LEDGER
    if entry == "judgements":
        return read in JUDGEMENTS
    if entry.startswith("seeds"):
        return read == entry or read.startswith(entry + "/")
    return read.startswith(entry + ".")


def room_of(module: str) -> str:
    """Room of a dotted name below ``orchestration``; modules beside the folders are the assembly."""
    first = module.split(".")[0]
    return first if first in {"project", *(room.name for room in PYTHON_ROOMS)} else "assembly"


def forbidden_imports(module: Module) -> Iterator[str]:
    """What a module imports and its room may not."""
    room = room_of(module.name)
    allowed = {row.name: row.reads for row in PYTHON_ROOMS} | {"project": ()}
    for imported in sorted(module.imports):
        library, _, rest = imported.partition(".")
        if library == "orchestration":
            if room_of(rest) not in allowed[room]:
                may_read = ", ".join(allowed[room]) or "nothing"
                yield f"{module.name} imports {imported}; {room} may read {may_read}"
        elif library in FORBIDDEN_LIBRARIES.get(room, set()):
            yield f"{module.name} imports {library}, which {room} leaves to others"
        elif room == "core" and library not in CORE_LIBRARIES:
            yield f"{module.name} imports {library}; core is pure and imports only what CORE_LIBRARIES names"


def worldly_calls(module: Module) -> Iterator[str]:
    """Calls in core that reach for a file, the environment or the clock."""
    if room_of(module.name) != "core":
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in _READS_WORLD:
                yield f"{module.name}:{node.lineno} calls {called}(); core gets such things as arguments"


def long_statements(module: Module, limit: int = 10) -> Iterator[str]:
    """SQL texts in assets and checks that are long enough to be a model."""
    if room_of(module.name) not in {"assets", "checks"}:
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            is_sql = "select " in node.value.lower() and " from " in node.value.lower().replace("\n", " ")
            if is_sql and len(node.value.strip().splitlines()) > limit:
                yield f"{module.name}:{node.lineno} holds SQL of more than {limit} lines; make it a model"
