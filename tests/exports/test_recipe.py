"""The recipe for drt reads the exported rows, says every column, and is never written over."""

from __future__ import annotations

import json

import duckdb
import jinja2
import pytest
import yaml

from orchestration.core.errors import InputFault
from orchestration.exports.audience import COLUMNS
from orchestration.exports.recipe import write_recipe
from orchestration.exports.writing import export
from tests.exports.conftest import WEEK


@pytest.fixture
def recipe(shop, tmp_path):
    export(shop.home)
    folder = tmp_path / "recipe"
    write_recipe(shop.home, WEEK, ["sms"], folder)
    return folder


def test_each_exported_touch_is_posted_once_with_every_column(shop, recipe):
    found = duckdb.sql((recipe / "syncs/models/sms.sql").read_text())
    rows = [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]
    exported = duckdb.sql(f"from '{shop.home.exports}/*/*/*/touches.parquet'").fetchall()
    assert len(rows) == len(exported) > 2

    template = yaml.safe_load((recipe / "syncs/sms.yml").read_text())["destination"]["body_template"]
    environment = jinja2.Environment(autoescape=False)
    posted = [json.loads(environment.from_string(template).render(row=row)) for row in rows]
    assert [tuple(post) for post in posted] == [COLUMNS] * len(rows)
    assert posted == [
        {name: str(value) if name.endswith("_on") else value for name, value in row.items()} for row in rows
    ]


def test_nothing_is_sent_before_an_address_is_put_in(recipe):
    url = yaml.safe_load((recipe / "syncs/sms.yml").read_text())["destination"]["url"]
    assert url == "https://sending-tool.example/sms"


def test_an_edited_recipe_is_not_written_over(shop, recipe):
    edited = recipe / "syncs/sms.yml"
    edited.write_text("mine")
    with pytest.raises(InputFault, match="not written over"):
        write_recipe(shop.home, WEEK, ["sms"], recipe)
    assert edited.read_text() == "mine"
