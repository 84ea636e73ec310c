"""What a home keeps of a shop: `sources/<name>/source.yml` and `mapping.yml`, `sources/home.yml`.

Belongs here: finding, reading and writing those files.
Does not: what a mapping means (mapping.py), what the loader makes of source.yml.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Any

import yaml

from orchestration.core.contract import SourceContract
from orchestration.core.errors import InputFault
from orchestration.core.source_settings import SourceSettings
from orchestration.files import write_file
from orchestration.importing.mapping import Mapping, read_mapping, written
from orchestration.loader.contracts import read_contracts
from orchestration.loader.home_sources import HOME_FILE, SETTINGS_FILE, STANDARD_CONTRACT
from orchestration.project import STAGING_DIR, Home

MAPPING_FILE = "mapping.yml"
_NAME = re.compile("[a-z][a-z0-9_]*")
_SHORTEST_NAME = 3


@dataclass(frozen=True)
class ShopSettings:
    """What is known of all rows of a shop."""

    time_zone: str
    currency: str
    country: str
    id_case: str = "keep"


def checked_name(name: str) -> str:
    """A shop's name, which is its folder's.

    Raises:
        InputFault: It cannot be one, or is another contract's.
    """
    taken = {*_contracts(), "rekindle"} - {STANDARD_CONTRACT}
    if not _NAME.fullmatch(name) or name in taken:
        raise InputFault(
            f"A shop cannot be called {name}. Allowed: lower-case letters, digits and _, a "
            "letter first, and not "
            f"{', '.join(sorted(taken))}. Name it with --name."
        )
    return name


def name_of(paths: Sequence[Path]) -> str:
    """A shop's name after the name of its file, or what the names of its files begin with."""
    stems = [path.name.split(".")[0].lower() for path in paths]
    common = takewhile(lambda letters: len(set(letters)) == 1, zip(*stems, strict=False))
    begin = "".join(letters[0] for letters in common)
    words = re.sub(r"(_?[0-9]+)+$", "", re.sub(r"[^a-z0-9]+", "_", begin).strip("_"))
    return words if _NAME.fullmatch(words) and len(words) >= _SHORTEST_NAME else "shop"


def contract_of(name: str) -> SourceContract:
    """The standard shape as the contract of a shop."""
    contract = _contracts()[STANDARD_CONTRACT]
    tables = tuple(replace(table, source=name) for table in contract.tables)
    return replace(contract, name=name, tables=tables)


def contract_with(name: str, settings: ShopSettings, home: Home) -> SourceContract:
    """The contract of a shop with what is known of all its rows, as a load will have it."""
    given = SourceSettings(
        settings.time_zone,
        is_local=True,
        currency=settings.currency,
        home_currency=home_currency(home) or settings.currency,
        country=settings.country,
        id_case=settings.id_case,
    )
    return _contracts()[STANDARD_CONTRACT].of_source(name, given)


@cache
def _contracts() -> dict[str, SourceContract]:
    return read_contracts(STAGING_DIR)


def known_mappings(home: Home) -> dict[str, Mapping]:
    """The mapping of every shop that has one."""
    found = {}
    for path in sorted(home.sources.glob(f"*/{MAPPING_FILE}")):
        mapping = read_mapping(path)
        if mapping is not None:
            found[path.parent.name] = mapping
    return found


def read_source(home: Home, name: str) -> dict[str, str]:
    """What `source.yml` of a shop says; nothing where there is none."""
    return _words(home.sources / name / SETTINGS_FILE)


def home_currency(home: Home) -> str | None:
    """The currency of the home, where it names one."""
    return _words(home.sources / HOME_FILE).get("currency")


def keep(home: Home, name: str, settings: ShopSettings, mapping: Mapping) -> None:
    """Write what is known of a shop; words of its source.yml that are not changed stay."""
    folder = home.sources
    words = {
        **read_source(home, name),
        "contract": STANDARD_CONTRACT,
        "time_zone": settings.time_zone,
        "currency": settings.currency,
        "country": settings.country,
        "id_case": settings.id_case,
    }
    if home_currency(home) is None and not any(home.landing.glob("*/*/delivered=*")):
        # The first shop of a home: its currency is the home's.
        write_file(folder / HOME_FILE, _as_yaml({"currency": settings.currency}))
    write_file(folder / name / SETTINGS_FILE, _as_yaml(words))
    write_file(folder / name / MAPPING_FILE, written(mapping).encode())


def _as_yaml(words: dict[str, str]) -> bytes:
    return yaml.safe_dump(words, allow_unicode=True, sort_keys=False).encode()


def _words(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    try:
        content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputFault(f"{path} is no YAML that can be read. Mend it.") from error
    if not isinstance(content, dict):
        raise InputFault(f"{path} needs lines such as `currency: CNY`. Mend it.")
    return {str(word): str(value) for word, value in content.items()}
