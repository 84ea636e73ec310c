"""The contracts of all sources, from dbt's sources files.

Belongs here: finding and reading the YAML files.
Does not: what a contract may say (orchestration.core.contract).
"""

from __future__ import annotations

from pathlib import Path

import yaml

from orchestration.core.contract import ContractFault, SourceContract, parse_contract
from orchestration.definitions_files.variables import project_variables

GUEST_SYSTEM: str = project_variables()["guest_system"]
"""System of the guests whose orders name none, as the models have it."""
# Written by Python for dbt; nobody delivers it.
_OWN_SOURCE = "rekindle"


def read_contracts(staging_dir: Path) -> dict[str, SourceContract]:
    """Every source's contract by source name.

    Args:
        staging_dir: dbt's staging folder, with one ``<source>/<source>__sources.yml`` per source.

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
            contract = parse_contract(yaml.safe_load(path.read_text(encoding="utf-8")), where)
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
    if faults:
        raise ContractFault("\n".join(faults))
    return contracts
