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
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from orchestration.files import replacing, sha256_of, write_json
from orchestration.warehouse.connections import begin_file, quoted

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
    """Begin a build's file with the kept seeds, if they are those of the fingerprint and whole.

    Args:
        file: The build's file. One that is there already, from a try that failed, stays as it is.
        fingerprint: What :func:`seeds_fingerprint` says now.
        project_dir: The dbt project.

    Returns:
        What became of each seed and of each of their tests when they were loaded; nothing where dbt must
        load them.
    """
    folder = _folder(project_dir)
    try:
        noted = json.loads((folder / "kept.json").read_text(encoding="utf-8"))
        if file.exists() or noted["fingerprint"] != fingerprint:
            return {}
        shutil.copyfile(folder / "seeds.duckdb", file)
    except (OSError, ValueError):
        return {}
    # Of the copy: another process may replace what is kept meanwhile.
    if sha256_of(file) != noted["sha256"]:
        file.unlink()
        return {}
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
        begin_file(prepared)
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
    write_json(folder / "kept.json", {"fingerprint": fingerprint, "sha256": sha256, "outcomes": told})


def _folder(project_dir: Path) -> Path:
    return project_dir / "target" / "seeds"
