"""The contracts of all sources, from dbt's sources files and those a home adds.

Belongs here: finding and reading the YAML files of dbt.
Does not: what a contract may say (orchestration.core.contract), the files of a home (home_sources.py).
"""

from __future__ import annotations

from pathlib import Path

import yaml

from orchestration.core.contract import ContractFault, SourceContract, parse_contract
from orchestration.definitions_files.variables import project_variables
from orchestration.loader.home_sources import with_home_sources
from orchestration.project import Home

GUEST_SYSTEM: str = project_variables()["guest_system"]
"""System of the guests whose orders name none, as the models have it."""
# Written by Python for dbt; nobody delivers it.
_OWN_SOURCE = "rekindle"


def read_contracts(staging_dir: Path, home: Home | None = None) -> dict[str, SourceContract]:
    """Every source's contract by source name.

    Args:
        staging_dir: dbt's staging folder, with one ``<source>/<source>__sources.yml`` per source.
        home: Adds sources of the standard shape and sets zone, currency and the like of any source
            (``<home>/sources/<name>/source.yml``); None for the project's sources alone.

    Raises:
        ContractFault: With the faults of every file.
    """
    contracts: dict[str, SourceContract] = {}
    faults: list[str] = []
    for path in sorted(staging_dir.glob("*/*__sources.yml")):
        folder = path.parent.name
        if folder == _OWN_SOURCE or path.name != f"{folder}__sources.yml":
            continue
        where = f"{folder}/{path.name}"
        try:
            # The parser in C: a tenth of the time, and every command reads all contracts.
            document = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
            contract = parse_contract(document, where)
        except yaml.YAMLError as error:
            faults.append(f"{where} is not valid YAML: {error}")
        except ContractFault as error:
            faults.append(str(error))
        else:
            if contract.name != folder:
                faults.append(
                    f"{where}: the source is called {contract.name}; it must be called like its folder"
                )
            contracts[contract.name] = contract
    contracts = with_home_sources(contracts, home and home.sources, faults)
    if faults:
        raise ContractFault("\n".join(faults))
    return contracts
