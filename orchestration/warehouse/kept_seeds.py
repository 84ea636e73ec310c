"""Seeds that did not change: loaded and tested once, then copied into every build.

Belongs here: keeping what a build loaded and tested of seeds, whether it is still what the project says.
Does not: loading and testing seeds (dbt), what an audit asks for (``builds.py``).

They belong to the project, not to a home, so they lie beside its parsed manifest.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from orchestration.files import replacing, sha256_of, write_json
from orchestration.project import WORKING_FILE_NAME
from orchestration.warehouse.connections import attach_working, begin_file, quoted

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

_PASSED = {"success", "pass"}
"""A warning is not kept: whoever builds next must see it again."""


def of_seeds(manifest: Manifest) -> list[Any]:
    """The seeds, and the tests that read nothing else."""
    seeds = {node.unique_id for node in manifest.nodes.values() if node.resource_type == "seed"}
    return [
        node
        for _, node in sorted(manifest.nodes.items())
        if node.unique_id in seeds or (node.resource_type == "test" and set(node.depends_on.nodes) <= seeds)
    ]


def seeds_fingerprint(manifest: Manifest) -> str:
    """One hash over all that decides what is loaded of seeds and whether their tests pass.

    Of the files as they are now and of everything else as it was parsed, which is what dbt goes by.
    """
    told = hashlib.sha256()
    for package in ("dbt-core", "dbt-duckdb", "duckdb"):
        told.update(f"{package} {version(package)}\n".encode())
    for unique_id, macro in sorted(manifest.macros.items()):
        told.update(f"{unique_id} {macro.macro_sql}\n".encode())
    for node in of_seeds(manifest):
        declared = (node.unique_id, node.schema, node.raw_code, node.config, node.description, node.columns)
        told.update(f"{declared!r} {getattr(node, 'test_metadata', None)!r}\n".encode())
        if node.resource_type == "seed":
            told.update(sha256_of(Path(node.root_path, node.original_file_path)).encode())
    return told.hexdigest()


def take_seeds(file: Path, fingerprint: str, project_dir: Path) -> dict[str, str]:
    """Begin a build's files with the kept seeds, if they are those of the fingerprint and whole.

    All of them lie beside the file; in it are those that readers get, and views of the rest. DuckDB gives
    each table a block of 256 KB at least: a hundred seeds dropped from the file would leave it that larger.

    Args:
        file: The build's file. What a try that failed left of it goes.
        fingerprint: What :func:`seeds_fingerprint` says now.
        project_dir: The dbt project.

    Returns:
        What became of each seed and of each of their tests when they were loaded; nothing where dbt must
        load them.
    """
    folder, working = _folder(project_dir), file.with_name(WORKING_FILE_NAME)
    for left in (file, file.with_name(f"{file.name}.wal"), working.with_name(f"{working.name}.wal")):
        left.unlink(missing_ok=True)
    try:
        noted = json.loads((folder / "kept.json").read_text(encoding="utf-8"))
        if noted["fingerprint"] != fingerprint:
            return {}
        kinds = noted["kinds"]
        with replacing(working) as prepared:
            shutil.copyfile(folder / "seeds.duckdb", prepared)
            # Of the copy: another process may replace what is kept meanwhile.
            if sha256_of(prepared) != noted["sha256"]:
                raise ValueError
    except (OSError, ValueError, KeyError):
        return {}
    begin_file(file)
    with closing(duckdb.connect(str(file))) as connection:
        attach_working(connection, file)
        for relation, kind in kinds.items():
            room, name = relation.split(".")
            connection.execute(f'create schema if not exists "{room}"')
            connection.execute(f'create {kind} "{room}"."{name}" as from working."{room}"."{name}"')
    return noted["outcomes"]


def keep_seeds(
    file: Path, manifest: Manifest, outcomes: Mapping[str, str], fingerprint: str, project_dir: Path
) -> None:
    """Keep the seeds of a build that succeeded, for later ones with the same fingerprint.

    Args:
        file: The build's file.
        manifest: The project as it was built.
        outcomes: What became of each node. A seed or a test of one that did not pass, and nothing is kept.
        fingerprint: What :func:`seeds_fingerprint` said both before and after dbt ran.
        project_dir: The dbt project.
    """
    nodes = of_seeds(manifest)
    told = {node.unique_id: outcomes.get(node.unique_id, "never ran") for node in nodes}
    if not set(told.values()) <= _PASSED:
        return
    folder = _folder(project_dir)
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder / "seeds.duckdb") as prepared:
        with duckdb.connect() as connection:
            connection.execute(f"attach {quoted(file)} as built (read_only)")
            connection.execute(f"attach {quoted(prepared)} as kept")
            for node in nodes:
                if node.resource_type == "seed":
                    relation = f'"{node.schema}"."{node.name}"'
                    connection.execute(f'create schema if not exists kept."{node.schema}"')
                    connection.execute(f"create table kept.{relation} as from built.{relation}")
            connection.execute("detach kept")
        sha256 = sha256_of(prepared)
    kinds = {
        f"{node.schema}.{node.name}": "table" if node.config.meta.get("public") else "view"
        for node in nodes
        if node.resource_type == "seed"
    }
    kept = {"fingerprint": fingerprint, "sha256": sha256, "kinds": kinds, "outcomes": told}
    write_json(folder / "kept.json", kept)


def _folder(project_dir: Path) -> Path:
    return project_dir / "target" / "seeds"
