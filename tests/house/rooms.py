"""The rooms of the house: what each may read; `docs/rooms.md` shows the same tables to readers.

Belongs here: the tables and the rules that hold them.
Does not: reading the project (``reading.py``), what a line looks like (``test_sql.py``, ``test_python.py``).
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tests.house.reading import Model, Module


@dataclass(frozen=True)
class Room:
    """One row of a table in ``docs/rooms.md``.

    Attributes:
        name: Folder below ``dbt_project/models/`` or ``orchestration/``.
        reads: Rooms; in SQL also ``own source`` and ``seeds``.
        does: In words.
        leaves: What it must not do, in words; what of it can be read from the text is a rule of its own.
    """

    name: str
    reads: tuple[str, ...]
    does: str
    leaves: str


# Flow is from left to right: a model reads what is to its left, its own room, and seeds anywhere.
# Intermediate and marts are one step: the domains, with their private working models and public results.
SQL_ROOMS = (
    Room(
        "staging",
        ("own source", "source.rekindle"),
        "rename, cast every column, dedupe",
        "join, business rules, seeds",
    ),
    Room(
        "core", ("staging", "core", "seeds"), "resolve identity, unite sources, conform", "score, band, tag"
    ),
    Room(
        "intermediate",
        ("staging", "core", "intermediate", "marts", "seeds"),
        "apply definitions, step by step, where nobody else reads",
        "literals that mean something; campaigns; arms",
    ),
    Room(
        "marts",
        ("staging", "core", "intermediate", "marts", "seeds"),
        "apply definitions; what readers may rely on",
        "literals that mean something; campaigns; arms",
    ),
    Room(
        "audiences",
        ("staging", "core", "intermediate", "marts", "audiences", "seeds"),
        "decide, explain, seal",
        "recompute a tag; change a sealed week",
    ),
    Room(
        "experiments",
        ("staging", "core", "intermediate", "marts", "audiences", "experiments", "seeds"),
        "aggregate per arm",
        "evaluate; show a member's outcome",
    ),
    Room(
        "serving",
        ("staging", "core", "intermediate", "marts", "audiences", "experiments", "serving", "seeds"),
        "select, rename, label",
        "any logic",
    ),
)

PYTHON_ROOMS = (
    Room("core", ("core",), "mathematics and rules on values", "frameworks, files, the clock"),
    Room("files", ("core", "files"), "replace files in one step, flush them", "know what files hold"),
    Room(
        "csv_files",
        ("core", "files", "csv_files"),
        "read CSV files as they are delivered, tell what is wrong with one",
        "know tables, quote a row",
    ),
    Room(
        "own_tables",
        ("core", "project", "files", "own_tables"),
        "define, read and replace the tables that Rekindle writes for dbt",
        "know what their rows mean",
    ),
    Room(
        "sources",
        ("core", "project", "files", "csv_files", "definitions_files", "sources"),
        "fetch, write deliveries",
        "clean, join, open the warehouse",
    ),
    Room(
        "definitions_files",
        ("core", "project", "definitions_files"),
        "read definitions as rows, have core check them, ask their conditions",
        "apply a definition",
    ),
    Room(
        "loader",
        ("core", "project", "files", "csv_files", "own_tables", "definitions_files", "loader"),
        "validate deliveries, pseudonymise, write typed files",
        "know a source by name, open the warehouse",
    ),
    Room(
        "importing",
        ("core", "project", "files", "csv_files", "definitions_files", "sources", "loader", "importing"),
        "read a shop's own files, map and convert them, ask the loader on trial, deliver",
        "validate by rules of its own, ask and print",
    ),
    Room(
        "warehouse",
        ("core", "project", "files", "own_tables", "definitions_files", "warehouse"),
        "lock, build, audit, publish, keep versions",
        "know how files were loaded, know Dagster",
    ),
    Room(
        "ledger",
        ("core", "project", "files", "own_tables", "definitions_files", "warehouse", "ledger"),
        "seal weeks and correct them, tell a build what is sealed",
        "decide who enters",
    ),
    Room(
        "fits",
        ("core", "project", "files", "own_tables", "definitions_files", "warehouse", "ledger", "fits"),
        "read samples and sums of a build, keep what core makes of them",
        "statistics, member rows beyond a sample",
    ),
    Room(
        "readers",
        ("core", "project", "files", "definitions_files", "loader", "warehouse", "readers"),
        "ask published tables, manifests and Rekindle's own tables",
        "change anything, compute what SQL computes",
    ),
    Room(
        "exports",
        (
            "core",
            "project",
            "files",
            "csv_files",
            "definitions_files",
            "loader",
            "warehouse",
            "ledger",
            "exports",
        ),
        "join contact details to what is published and sealed, write files for sending tools",
        "decide who enters, send, write into the warehouse",
    ),
    Room(
        "erasing",
        (
            "core",
            "project",
            "files",
            "csv_files",
            "own_tables",
            "loader",
            "warehouse",
            "ledger",
            "exports",
            "erasing",
        ),
        "free every file of erased people, in an order a kill cannot spoil",
        "be read by the rooms whose files it rewrites",
    ),
    Room(
        "report",
        ("core", "project", "warehouse", "report"),
        "read published aggregates, lay out tables, draw pictures",
        "compute what SQL computes, read member rows",
    ),
    Room(
        "dagster_home",
        ("project", "files", "dagster_home"),
        "set up and open Dagster's folder",
        "know the graph",
    ),
    Room(
        "assets",
        (
            "core",
            "project",
            "own_tables",
            "definitions_files",
            "loader",
            "warehouse",
            "ledger",
            "fits",
            "readers",
            "erasing",
            "report",
            "assets",
            "assembly",
        ),
        "read, call, write, metadata",
        "arithmetic, SQL over ten lines",
    ),
    Room("checks", ("core", "project", "assets", "assembly"), "check what is published", "change anything"),
    Room(
        "assembly",
        (
            "core",
            "project",
            "warehouse",
            "ledger",
            "readers",
            "dagster_home",
            "assets",
            "checks",
            "assembly",
        ),
        "put the graph together: definitions, resources, jobs, sensors; run it",
        "be read by any room but assets, checks and cli",
    ),
    Room(
        "cli",
        (
            "core",
            "project",
            "sources",
            "definitions_files",
            "loader",
            "importing",
            "warehouse",
            "ledger",
            "readers",
            "exports",
            "report",
            "dagster_home",
            "cli",
            "assembly",
        ),
        "read options, call, print",
        "arithmetic, SQL, deciding what is due",
    ),
)

# Libraries a room may not import. core is stricter still: it has a list of what it may.
_FRAMEWORKS = {"dagster", "dagster_dbt", "dbt", "pandas", "typer"}
FORBIDDEN_LIBRARIES = {
    "files": {*_FRAMEWORKS, "duckdb", "pyarrow"},
    "csv_files": _FRAMEWORKS,
    "own_tables": {*_FRAMEWORKS, "duckdb"},
    "sources": _FRAMEWORKS,
    "definitions_files": {*_FRAMEWORKS, "pyarrow"},
    "loader": _FRAMEWORKS,
    "importing": _FRAMEWORKS,
    "warehouse": _FRAMEWORKS - {"dbt"},
    "ledger": _FRAMEWORKS,
    "fits": _FRAMEWORKS,
    "readers": _FRAMEWORKS,
    "report": {*_FRAMEWORKS, "duckdb"},
    "exports": _FRAMEWORKS,
    "erasing": _FRAMEWORKS,
    "dagster_home": _FRAMEWORKS - {"dagster"},
    "assets": {"dbt", "duckdb", "pandas", "pyarrow", "typer"},
    "checks": {"dbt", "duckdb", "pandas", "pyarrow", "typer"},
    "assembly": {"dbt", "pandas", "typer"},
    "cli": {"dagster", "dagster_dbt", "dbt", "duckdb", "pandas", "pyarrow"},
}
CORE_LIBRARIES = {
    "__future__", "collections", "dataclasses", "datetime", "decimal", "enum", "fractions", "functools",
    "hashlib", "hmac", "itertools", "json", "math", "numpy", "operator", "phonenumbers", "re", "scipy",
    "statistics", "tea_tasting", "typing", "unicodedata", "zoneinfo",
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
    return read == entry or read.startswith(f"{entry}/" if entry == "seeds" else f"{entry}.")


def room_of(module: str) -> str:
    """Room of a dotted name below ``orchestration``; most modules beside the folders are the assembly."""
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


def circles(modules: Iterable[Module]) -> list[str]:
    """Folders and modules beside them of which each needs the others; imports within functions count."""
    needs: dict[str, set[str]] = {}
    for module in modules:
        own = module.name.split(".")[0]
        read = {name.split(".")[1] for name in module.imports if name.startswith("orchestration.")}
        needs.setdefault(own, set()).update(read - {own})
    while free := [name for name, read in needs.items() if not read & needs.keys()]:
        for name in free:
            del needs[name]
    return sorted(needs)


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
