"""`docs/tables.md` lists what readers get, as the project defines it now.

Belongs here: comparing the page with the manifest.
Does not: what may be public (test_graph.py, test_rooms.py).
"""

from __future__ import annotations

import json
import re
from copy import deepcopy

import pytest

from orchestration.core.tables_page import public_relations, tables_page
from orchestration.project import PROJECT_DIR
from orchestration.warehouse.dbt import prepare

PAGE = PROJECT_DIR / "docs" / "tables.md"


@pytest.fixture(scope="module")
def parsed():
    return json.loads(prepare().read_text(encoding="utf-8"))


def test_the_page_is_what_the_manifest_says(parsed):
    assert PAGE.read_text(encoding="utf-8") == tables_page(parsed), "make docs"


def test_every_public_relation_has_one_line_that_says_what_a_row_is(parsed):
    lines = re.findall(r"^\| `(\w+\.\w+)` \| One row ", PAGE.read_text(encoding="utf-8"), re.MULTILINE)

    assert sorted(lines) == sorted(f"{node['schema']}.{node['name']}" for node in public_relations(parsed))


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (
            lambda node: node.update(description="One row per whim."),
            "| `core.dim_store` | One row per whim. |  |",
        ),
        (lambda node: node.update(name="dim_shop"), "| `core.dim_shop` |"),
        (
            lambda node: node["config"]["meta"].update(keeps="newest"),
            "| `core.dim_store` | One row per store. | newest |",
        ),
        (lambda node: node["config"]["meta"].update(public=False), None),
    ],
)  # fmt: skip
def test_a_change_of_a_relation_is_noticed(parsed, change, line):
    other = deepcopy(parsed)
    change(other["nodes"]["model.rekindle.dim_store"])
    page = tables_page(other)

    assert page != tables_page(parsed)
    assert line in page if line else "dim_store" not in page


def test_an_exposure_stands_with_the_tables_it_names():
    node = {
        "unique_id": "model.shop.fct_sale", "resource_type": "model", "name": "fct_sale", "schema": "marts",
        "fqn": ["shop", "marts", "value", "fct_sale"], "config": {"meta": {"public": True}},
        "description": "One row per sale. Of this\nyear.",
    }  # fmt: skip
    exposure = {"name": "sales", "label": "Sales review", "depends_on": {"nodes": ["model.shop.fct_sale"]}}
    manifest = {"nodes": {"model.shop.fct_sale": node}, "exposures": {"sales": exposure}}

    assert "## Value\n" in tables_page(manifest)
    assert "| `marts.fct_sale` | One row per sale. |  | Sales review |" in tables_page(manifest)
