"""The project as the house rules see it: models, seeds, tests, SQL files and Python modules as plain records.

Belongs here: reading dbt's manifest and the project's files.
Does not: rules (the ``test_*.py`` files and ``rooms.py``).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestration.project import DBT_PROJECT_DIR, PROJECT_DIR, SEEDS_DIR

_WRITTEN = {".py", ".sql", ".yml", ".yaml", ".md", ".toml", ".csv", ".lock", ".cfg", ".sqlfluff", ""}
_MADE = {".venv", ".git", "var", "target", "logs", "__pycache__", "build", "dist", "rekindle.egg-info"}


@dataclass(frozen=True)
class Column:
    """A column as a twin file declares it."""

    data_type: str | None
    description: str


@dataclass(frozen=True)
class Model:
    """A dbt model.

    Attributes:
        name: Stem of its file.
        folder: Folder below ``models/``, like ``marts/lifecycle``.
        reads: Like ``staging.stg_chain__orders``, ``source.chain``, ``seeds/identity/identifiers``.
        described_in: The yml file that describes it, below ``models/``; None if nothing does.
        is_public: Whether readers of the published file get it.
        keeps: Which as-of dates they get (``meta: {keeps: ...}``).
        reason: Why it stands alone although another model could do its work (``meta: {step: ...}``).
    """

    name: str
    folder: str
    sql: str = ""
    reads: tuple[str, ...] = ()
    description: str = "One row per thing."
    columns: dict[str, Column] = field(default_factory=dict)
    described_in: str | None = None
    has_contract: bool = True
    is_table: bool = True
    schema: str | None = None
    is_public: bool = True
    keeps: str = ""
    reason: str = ""

    @property
    def room(self) -> str:
        """First folder below ``models/``."""
        return self.folder.split("/")[0]


@dataclass(frozen=True)
class Seed:
    """A CSV file of the control panel."""

    name: str
    description: str
    csv_header: tuple[str, ...]
    columns: dict[str, Column]
    is_tested: bool


@dataclass(frozen=True)
class DataTest:
    """A dbt data test; ``kind`` is the generic test's name, None for a singular one."""

    name: str
    kind: str | None
    attached_to: str | None
    severity: str = "error"
    key: tuple[str, ...] = ()


@dataclass(frozen=True)
class Module:
    """A Python module; ``name`` is dotted and starts below ``orchestration``."""

    name: str
    source: str

    @property
    def tree(self) -> ast.Module:
        """Its syntax tree."""
        return ast.parse(self.source)

    @property
    def imports(self) -> set[str]:
        """Full names of everything imported anywhere in it, ``from a import b`` as ``a.b``."""
        found: set[str] = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{self.name}: imports are absolute"
                found |= {f"{node.module}.{alias.name}" for alias in node.names}
        return found


@dataclass(frozen=True)
class SqlFile:
    """A model, macro or test with its path below the dbt project."""

    path: str
    text: str

    @property
    def sql(self) -> str:
        """The text without comments."""
        return without_comments(self.text)


def without_comments(text: str) -> str:
    """SQL with Jinja without either's comments."""
    return re.sub(r"--[^\n]*", "", re.sub(r"\{#.*?#\}", "", text, flags=re.DOTALL))


def read_models(manifest: Any) -> list[Model]:
    """The project's models from dbt's manifest."""
    return [
        Model(
            name=node.name,
            folder=str(Path(node.path).parent),
            sql=without_comments(node.raw_code),
            reads=tuple(_place(manifest, read) for read in node.depends_on.nodes),
            description=node.description,
            columns=_columns(node),
            described_in=node.patch_path.split("://")[1].removeprefix("models/") if node.patch_path else None,
            has_contract=node.config.contract.enforced,
            is_table=node.config.materialized == "table",
            schema=node.schema,
            is_public=bool(node.config.meta.get("public")),
            keeps=node.config.meta.get("keeps", ""),
            reason=node.config.meta.get("step", ""),
        )
        for node in _nodes(manifest, "model")
    ]


def read_seeds(manifest: Any) -> list[Seed]:
    """The seeds from dbt's manifest, with the headers of their files."""
    tested = {node.attached_node for node in _nodes(manifest, "test") if _attached(manifest, node)}
    return [
        Seed(
            name=node.name,
            description=node.description,
            csv_header=tuple((SEEDS_DIR / node.path).read_text(encoding="utf-8").splitlines()[0].split(",")),
            columns={
                name: Column(node.config.column_types.get(name), column.description)
                for name, column in node.columns.items()
            },
            is_tested=node.unique_id in tested,
        )
        for node in _nodes(manifest, "seed")
    ]


def read_data_tests(manifest: Any) -> list[DataTest]:
    """Every data test of the project."""
    found = []
    for node in _nodes(manifest, "test"):
        generic = getattr(node, "test_metadata", None)
        found.append(
            DataTest(
                name=node.name,
                kind=generic.name if generic else None,
                attached_to=manifest.nodes[node.attached_node].name if _attached(manifest, node) else None,
                severity=node.config.severity.lower(),
                key=tuple(generic.kwargs.get("key") or ()) if generic else (),
            )
        )
    return found


def read_modules() -> list[Module]:
    """Every module of ``orchestration``."""
    root = PROJECT_DIR / "orchestration"
    return [
        Module(".".join(path.relative_to(root).with_suffix("").parts), path.read_text(encoding="utf-8"))
        for path in sorted(root.rglob("*.py"))
    ]


def read_sql_files() -> list[SqlFile]:
    """Every SQL file of the dbt project."""
    return [
        SqlFile(str(path.relative_to(DBT_PROJECT_DIR)), path.read_text(encoding="utf-8"))
        for folder in ("models", "macros", "tests")
        for path in sorted((DBT_PROJECT_DIR / folder).rglob("*.sql"))
    ]


def written_files() -> Iterator[tuple[str, str]]:
    """Path and text of every file somebody wrote; nothing that is made."""
    for path in sorted(PROJECT_DIR.rglob("*")):
        relative = path.relative_to(PROJECT_DIR)
        if path.is_file() and not _MADE & set(relative.parts) and path.suffix in _WRITTEN:
            if any(part.startswith(".") and part not in {".ci"} for part in relative.parts[:-1]):
                continue
            yield str(relative), path.read_text(encoding="utf-8")


def _nodes(manifest: Any, kind: str) -> list[Any]:
    return [node for node in manifest.nodes.values() if node.resource_type == kind]


def _attached(manifest: Any, node: Any) -> bool:
    """Whether a data test belongs to a model or seed; one of a source or a singular test does not."""
    return getattr(node, "attached_node", None) in manifest.nodes


def _columns(node: Any) -> dict[str, Column]:
    return {name: Column(column.data_type, column.description) for name, column in node.columns.items()}


def _place(manifest: Any, unique_id: str) -> str:
    """Where a node that is read stands, in the words of the matrix."""
    if unique_id.startswith("source."):
        return f"source.{manifest.sources[unique_id].source_name}"
    node = manifest.nodes[unique_id]
    if node.resource_type == "seed":
        return f"seeds/{Path(node.path).with_suffix('')}"
    return f"{Path(node.path).parts[0]}.{node.name}"
