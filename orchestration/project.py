"""Where everything lies: the folders of the project and of a home.

Belongs here: paths, names of environment variables, reading them.
Does not: opening, writing or making anything inside those folders.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

PROJECT_DIR = Path(__file__).resolve().parent.parent
DBT_PROJECT_DIR = PROJECT_DIR / "dbt_project"
STAGING_DIR = DBT_PROJECT_DIR / "models" / "staging"
SEEDS_DIR = PROJECT_DIR / "seeds"
DEFAULT_HOME = PROJECT_DIR / "var" / "demo"

HOME_VARIABLE = "REKINDLE_HOME"
SECRET_VARIABLE = "REKINDLE_SECRET"
WAREHOUSE_VARIABLE = "REKINDLE_WAREHOUSE"

WAREHOUSE_FILE_NAME = "rekindle.duckdb"
"""Of a build's file and of the published one, which it becomes: the stem is the catalogue's name in both."""

WORKING_FILE_NAME = "working.duckdb"
"""Beside a build's file: the tables that readers do not get, so that none of their rows is ever published."""

FORMER_FILE_NAME = "former.duckdb"
"""Beside a build's file: the version that tells of past dates, under a second name until the build ends."""


def own_tables_beside(warehouse: Path) -> Path:
    """What a build is for and what it found, as small source tables beside its warehouse file."""
    return warehouse.parent / "rekindle"


@dataclass(frozen=True)
class Home:
    """One business's data: a folder that holds everything Rekindle reads and writes for it.

    Attributes:
        root: Absolute path of the folder.
    """

    root: Path

    @classmethod
    def from_environment(cls) -> Home:
        """The home named by ``REKINDLE_HOME``, or ``var/demo`` in the project."""
        return cls(Path(os.environ.get(HOME_VARIABLE) or DEFAULT_HOME).resolve())

    @property
    def landing(self) -> Path:
        """Deliveries as dropped: ``<source>/<table>/delivered=<date>/``. Holds contact details."""
        return self.root / "landing"

    @property
    def sources(self) -> Path:
        """Sources the home adds or sets, one folder each: ``<source>/source.yml``."""
        return self.root / "sources"

    @property
    def vault(self) -> Path:
        """Contact details by member record, mode 0700; nothing but the loader and the export opens it."""
        return self.root / "vault"

    @property
    def secret_file(self) -> Path:
        """The key of the keyed hashes, mode 0600, unless ``REKINDLE_SECRET`` holds it."""
        return self.vault / "secret.key"

    @property
    def erasures(self) -> Path:
        """Requests of erasure, the one under way, and fingerprints of what was erased."""
        return self.vault / "erasures"

    @property
    def loaded(self) -> Path:
        """Typed, pseudonymous Parquet for dbt, below ``Table.place``: ``delivered=<date>/month=<month>/``."""
        return self.root / "loaded"

    @property
    def load_records(self) -> list[Path]:
        """What was noted of each delivery: ``<contract>/<table>/<source>/delivered=<date>/load.json``."""
        return sorted(self.loaded.glob("*/*/*/delivered=*/load.json"))

    @property
    def quarantine(self) -> Path:
        """Rows the contract refused, each with its reason: ``<source>/<table>/delivered=<date>/``."""
        return self.root / "quarantine"

    @property
    def own_tables(self) -> Path:
        """Small source tables written by Python for dbt: loads, fits, decisions."""
        return self.loaded / "rekindle"

    @property
    def ledger(self) -> Path:
        """Sealed audiences: ``<campaign>/<week>/v<n>/``; written once, read by every later build."""
        return self.root / "ledger"

    @property
    def seal_indexes(self) -> tuple[Path, Path]:
        """The list of every seal that was made, in two places: what one folder loses, the other names."""
        return (self.ledger / "index.jsonl", self.serving / "seals.jsonl")

    @property
    def exports(self) -> Path:
        """Files for sending tools: ``<campaign>/<week>/<channel>_<step>/``. Holds contact details."""
        return self.root / "exports"

    @property
    def identity(self) -> Path:
        """Decisions about who is one person, written by hand: ``kept_apart.csv``, ``merged.csv``."""
        return self.root / "identity"

    @property
    def truth(self) -> Path:
        """What the sample simulated; only in a home filled by it, and read by no model."""
        return self.root / "truth"

    @property
    def builds(self) -> Path:
        """Builds under way or failed, one folder each; a published build leaves."""
        return self.root / "build"

    @property
    def development_warehouse(self) -> Path:
        """The file an analytics engineer's own ``dbt build`` writes."""
        return self.builds / "development" / WAREHOUSE_FILE_NAME

    @property
    def asked_dates(self) -> Path:
        """As-of dates that were asked for and are not published, one file each; also those given up."""
        return self.root / "asked"

    @property
    def serving(self) -> Path:
        """Published versions (``builds/<id>/rekindle.duckdb``) and the link readers open."""
        return self.root / "serving"

    @property
    def published_file(self) -> Path:
        """The link every reader opens; switched in one step."""
        return self.serving / WAREHOUSE_FILE_NAME

    @property
    def dagster(self) -> Path:
        """Dagster's own folder (runs, event log, ``dagster.yaml``)."""
        return self.root / "dagster"

    @property
    def lock_file(self) -> Path:
        """Held with ``flock`` by whoever loads, builds, publishes or rolls back."""
        return self.root / "build.lock"
