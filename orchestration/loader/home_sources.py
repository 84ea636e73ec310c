"""The sources of a home: what ``<home>/sources/<name>/source.yml`` and ``<home>/sources/home.yml`` say.

Belongs here: reading those files, checking every word, the contracts a home has because of them.
Does not: what a contract is (core.contract), mappings of a source's files to its contract.
"""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from orchestration.core.contract import SourceContract
from orchestration.core.source_settings import SourceSettings
from orchestration.definitions_files.variables import project_variables

SETTINGS_FILE = "source.yml"
HOME_FILE = "home.yml"
STANDARD_CONTRACT = "chain"
"""The contract of the standard shape, which any number of sources may share."""
ID_CASES = ("keep", "lower", "upper")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_MEANING = {
    "contract": f"the contract its files follow: {STANDARD_CONTRACT}",
    "time_zone": "a zone of the IANA list, such as Asia/Shanghai or America/New_York",
    "times_without_offset": "local (times of time_zone) or utc",
    "currency": "three capital letters (ISO 4217), such as CNY",
    "country": "two capital letters (ISO 3166), such as CN",
    "id_case": f"one of {', '.join(ID_CASES)}",
}
# Rekindle's own folder of loaded files.
_TAKEN = ("rekindle",)


def with_home_sources(
    contracts: Mapping[str, SourceContract], sources_dir: Path | None, faults: list[str]
) -> dict[str, SourceContract]:
    """The contracts with the settings of their sources, and those of the sources that a home adds.

    Args:
        contracts: By source name, as dbt's sources files have them.
        sources_dir: Folder ``sources`` of the home; None for no home.
        faults: Every fault found is added here.
    """
    folder = _Folder(sources_dir, faults)
    variables = project_variables()
    currency = folder.home_currency() or variables["home_currency"]
    default = SourceSettings(
        time_zone=variables["business_time_zone"],
        currency=currency,
        home_currency=currency,
        country=variables["home_country"],
    )
    files = folder.settings_files()
    found = {}
    for name, contract in contracts.items():
        words = folder.words(files.pop(name, None), {name})
        zone = contract.time_zone or default.time_zone
        if not _is_zone(zone):
            faults.append(f"{name}__sources.yml: time_zone {zone!r}; allowed: {_MEANING['time_zone']}")
        # A contract that names a zone was written by somebody who knows that every time is a moment.
        own = replace(default, time_zone=zone, midnight_is_date=contract.time_zone is None)
        found[name] = contract.of_source(name, _settings(own, words))
    for name, file in files.items():
        where = f"sources/{name}"
        if not _NAME.fullmatch(name):
            faults.append(
                f"{where}: a source is called with lower-case letters, digits and _, a letter first"
            )
        elif name in _TAKEN:
            faults.append(f"{where}: the name {name} is Rekindle's own; choose another")
        elif STANDARD_CONTRACT not in contracts:
            faults.append(f"{where}: there is no contract {STANDARD_CONTRACT} it could follow")
        else:
            words = folder.words(file, {STANDARD_CONTRACT})
            found[name] = contracts[STANDARD_CONTRACT].of_source(name, _settings(default, words))
    return found


def _settings(default: SourceSettings, words: Mapping[str, str]) -> SourceSettings:
    given = {word: words[word] for word in ("time_zone", "currency", "country", "id_case") if word in words}
    # Whoever names a zone writes its times; else they are UTC, as the standard shape has them.
    is_local = words.get("times_without_offset", "local" if "time_zone" in words else "utc") == "local"
    return replace(default, **given, is_local=is_local)


@dataclass(frozen=True)
class _Folder:
    """The folder ``sources`` of a home; every fault found in it is added to ``faults``."""

    path: Path | None
    faults: list[str]

    def settings_files(self) -> dict[str, Path]:
        """By source, the file that describes it."""
        if self.path is None or not self.path.is_dir():
            return {}
        folders = [each for each in sorted(self.path.iterdir()) if each.is_dir() and each.name[0] not in "._"]
        return {each.name: each / SETTINGS_FILE for each in folders}

    def home_currency(self) -> str | None:
        """What every amount of the home is in, where the home says it."""
        file = self.path / HOME_FILE if self.path else None
        if file is None or not file.exists():
            return None
        return self._checked(file, "sources/home.yml", {"currency"}).get("currency")

    def words(self, file: Path | None, contracts: set[str]) -> dict[str, str]:
        """What the file of a source says, without what is not allowed."""
        if file is None:
            return {}
        where = f"sources/{file.parent.name}/{file.name}"
        if not file.exists():
            self.faults.append(
                f"{where}: there is no such file; it says at least `contract: {min(contracts)}`"
            )
            return {}
        words = self._checked(file, where, set(_MEANING))
        if words.get("contract") not in contracts:
            self.faults.append(
                f"{where}: contract is {words.get('contract') or 'missing'}; allowed: {', '.join(contracts)}"
            )
        return words

    def _checked(self, file: Path, where: str, allowed: set[str]) -> dict[str, str]:
        try:
            document: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            self.faults.append(f"{where}: cannot be read ({type(error).__name__})")
            return {}
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            self.faults.append(f"{where}: is not valid YAML" + (f", line {mark.line + 1}" if mark else ""))
            return {}
        if not isinstance(document, dict):
            self.faults.append(f"{where}: needs lines such as `currency: CNY`")
            return {}
        words = {}
        for word, value in document.items():
            if word not in allowed:
                self.faults.append(f"{where}: unknown word {word!r}; allowed: {', '.join(sorted(allowed))}")
            elif not _is_allowed(word, value):
                self.faults.append(f"{where}: {word} is {value!r}; allowed: {_MEANING[word]}")
            else:
                words[word] = value
        return words


def _is_allowed(word: str, value: Any) -> bool:
    if not isinstance(value, str):
        return False
    if word == "time_zone":
        return _is_zone(value)
    if word == "currency":
        return re.fullmatch("[A-Z]{3}", value) is not None
    if word == "country":
        return re.fullmatch("[A-Z]{2}", value) is not None
    if word == "times_without_offset":
        return value in ("local", "utc")
    return value in ID_CASES if word == "id_case" else True


def _is_zone(value: Any) -> bool:
    return isinstance(value, str) and value in _zones()


@cache
def _zones() -> set[str]:
    return zoneinfo.available_timezones()
