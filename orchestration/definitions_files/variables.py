"""The variables of the dbt project, for whoever needs one in Python as the models have it.

Belongs here: reading them.
Does not: rows of seeds, settings of a domain (``settings.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from orchestration.project import DBT_PROJECT_DIR


@cache
def project_variables(project_dir: Path = DBT_PROJECT_DIR) -> Mapping[str, Any]:
    """What ``vars`` of ``dbt_project.yml`` says, read once."""
    return yaml.load((project_dir / "dbt_project.yml").read_text(encoding="utf-8"), yaml.CSafeLoader)["vars"]
