"""The recipes of CONTRIBUTING, walked with the rows they show, as far as needs no build."""

import csv
import io
import re
import shutil
import textwrap
from datetime import date

import duckdb
import pytest
import yaml

from orchestration.core.errors import InputFault
from orchestration.definitions_files.tags import check_definitions
from orchestration.loader import load
from orchestration.loader.contracts import read_contracts
from orchestration.project import DBT_PROJECT_DIR, PROJECT_DIR, SECRET_VARIABLE, SEEDS_DIR, Home
from orchestration.sources.delivering import deliver

PAGE = (PROJECT_DIR / "CONTRIBUTING.md").read_text(encoding="utf-8")
REF = re.compile(r"\{\{ ref\('(\w+)'\) \}\}")
CONFIG = re.compile(r"\{\{ config\([^}]*\) \}\}")


def shown(recipe):
    """The lines a recipe gives for each file, by the file's path."""
    section = PAGE.split(f"\n### {recipe}\n")[1].split("\n### ")[0]
    parts = {}
    for block in re.findall(r"```(?:csv|yaml)\n(.*?)```", section, flags=re.DOTALL):
        for line in textwrap.dedent(block).splitlines():
            if line.startswith("# "):
                path = line[2:]
            else:
                parts.setdefault(path, []).append(line)
    return {path: "\n".join(lines).rstrip() + "\n" for path, lines in parts.items()}


@pytest.fixture
def tags(tmp_path):
    """A copy of the tag definitions."""
    return shutil.copytree(SEEDS_DIR / "tags", tmp_path / "tags")


def test_the_tag_of_the_recipe_has_no_fault(tags):
    recipe = shown("A tag")
    assert set(recipe) == {"seeds/tags/tags.csv", "seeds/tags/tag_rules.csv"}
    for path, rows in recipe.items():
        with (tags / path.rpartition("/")[2]).open("a", encoding="utf-8") as file:
            file.write(rows)
    found = check_definitions(date(2026, 1, 4), tags)
    assert "often_returns" in {row["tag"] for row in found.tags}


def test_a_tag_without_the_second_step_is_refused(tags):
    with (tags / "tags.csv").open("a", encoding="utf-8") as file:
        file.write(shown("A tag")["seeds/tags/tags.csv"])
    with pytest.raises(InputFault, match="often_returns"):
        check_definitions(date(2026, 1, 4), tags)


@pytest.fixture
def churn_seeds():
    """The churn seeds with their types and the recipe's rows, and a load of the events."""
    properties = yaml.safe_load((SEEDS_DIR / "seeds.yml").read_text(encoding="utf-8"))["seeds"]
    types = {seed["name"]: seed["config"]["column_types"] for seed in properties}
    added = shown("A signal")
    with duckdb.connect() as connection:
        for name in ("signals", "thresholds", "signal_sources", "actions", "levels"):
            path = f"seeds/churn/churn_{name}.csv"
            columns = ", ".join(f"{column} {kind}" for column, kind in types[f"churn_{name}"].items())
            connection.execute(f"create table churn_{name} ({columns})")
            rows = (PROJECT_DIR / path).read_text(encoding="utf-8") + added.pop(path, "")
            for row in list(csv.reader(io.StringIO(rows)))[1:]:
                places = ", ".join("?" * len(row))
                connection.execute(
                    f"insert into churn_{name} values ({places})", [cell or None for cell in row]
                )
        assert added == {}
        connection.execute(f"create table no_login_steps as from '{SEEDS_DIR}/churn/no_login_steps.csv'")
        connection.execute(
            "create table stg_rekindle__loads as "
            "select 'chain' as contract, 'events' as table_name, 1 as rows_loaded"
        )
        yield connection


def rows_of(connection, model):
    """Rows of the new signal in a model of rows that are all refs."""
    [file] = (DBT_PROJECT_DIR / "models").rglob(f"{model}.sql")
    sql = file.read_text(encoding="utf-8")
    sql = REF.sub(r"\1", CONFIG.sub("", sql))
    answer = connection.execute(f"from ({sql}) where signal = 'browse_gone'")
    return [
        dict(zip([name for name, *_ in answer.description], row, strict=True)) for row in answer.fetchall()
    ]


def test_the_signal_of_the_recipe_can_fire_at_its_level(churn_seeds):
    [signal] = rows_of(churn_seeds, "dim_churn_signal")
    assert not signal["is_silent"]
    [limit] = rows_of(churn_seeds, "int_churn_signal__thresholds")
    assert (limit["churn_level"], limit["at_least_days"], limit["less_than_days"]) == ("medium", 120, 180)


def test_the_signal_of_the_recipe_has_an_action_an_order_of_its_own_and_a_sign(churn_seeds):
    one = "from churn_signals where signal = 'browse_gone'"
    assert churn_seeds.execute(f"{one} and family in (select family from churn_actions)").fetchall()
    assert churn_seeds.execute(
        "select count(*) = count(distinct signal_order) from churn_signals"
    ).fetchone()[0]
    events = (SEEDS_DIR / "lifecycle" / "event_types.csv").read_text(encoding="utf-8")
    assert f"\n{churn_seeds.execute(f'select measure {one}').fetchone()[0]}," in events


def test_a_signal_without_a_source_is_silent(churn_seeds):
    churn_seeds.execute("delete from churn_signal_sources where signal = 'browse_gone'")
    [signal] = rows_of(churn_seeds, "dim_churn_signal")
    assert signal["is_silent"]


def test_the_source_of_the_recipe_is_loaded_and_what_it_refuses_is_quarantined(tmp_path, monkeypatch):
    monkeypatch.delenv(SECRET_VARIABLE, raising=False)
    [(path, contract)] = shown("A source").items()
    assert path.endswith("staging/till/till__sources.yml")
    file = tmp_path / path.removeprefix("dbt_project/models/")
    file.parent.mkdir(parents=True)
    file.write_text(contract, encoding="utf-8")
    home = Home(tmp_path / "home")
    rows = (
        "receipt_id,card,paid_at,paid_amount\n1,C1,2025-12-31T10:00:00,12.50\n2,C2,2025-12-31T11:00:00,-1\n"
    )
    deliver(
        home.landing, "till", "receipts", date(2026, 1, 1), lambda at: (at / "receipts.csv").write_text(rows)
    )
    load(home, read_contracts(tmp_path / "staging"), say=lambda told: None)
    loaded = duckdb.read_parquet(f"{home.loaded}/till/receipts/*/*/*/*.parquet").fetchall()
    quarantined = duckdb.read_parquet(f"{home.quarantine}/till/receipts/*/*.parquet")
    assert [row[0] for row in loaded] == [1]
    assert "C1" not in str(loaded)
    assert quarantined.select("quarantine_column").fetchall() == [("paid_amount",)]
