"""The catalogue of attributes and the model that holds them say the same, in both directions."""

import csv
import re

import pytest

from orchestration.project import DBT_PROJECT_DIR, SEEDS_DIR
from tests.house.reading import Column, Model

TYPES = {"varchar": "text", "boolean": "boolean", "integer": "integer", "bigint": "integer"}
KEYS = {"member_key", "source", "product_id", "as_of_date"}
# Prefix of the files -> the model with the attributes, the macro that lists them for comparison.
CATALOGUES = {
    "": ("member_attributes", "tag_attributes"),
    "product_": ("fct_product_attributes", "product_tag_attributes"),
}


def catalogue_faults(rows, model, models):
    """Where the rows of the catalogue and the columns of the model differ."""
    listed = {row["attribute"]: row for row in rows}
    columns = {name: column for name, column in model.columns.items() if name not in KEYS}
    for name in sorted(columns.keys() - listed.keys()):
        yield f"{model.name}.{name} is missing in the catalogue"
    for name, row in listed.items():
        if name not in columns:
            yield f"the catalogue lists {name}, which {model.name} does not have"
            continue
        data_type = columns[name].data_type or ""
        found = "decimal" if data_type.startswith("decimal") else TYPES.get(data_type)
        if row["data_type"] != found:
            yield f"the catalogue says {name} is {row['data_type']}; the column is {data_type}"
        if row["source_model"] not in models:
            yield f"the catalogue takes {name} from {row['source_model']}, which does not exist"
            continue
        for column in (row.get("source_columns") or "").split("|"):
            if column and column not in models[row["source_model"]].columns:
                yield f"the catalogue makes {name} of {row['source_model']}.{column}, which does not exist"


def catalogue(prefix):
    with (SEEDS_DIR / "tags" / f"{prefix}attributes.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("prefix", CATALOGUES)
def test_the_catalogue_and_the_model_are_the_same(models, prefix):
    by_name = {model.name: model for model in models}
    model, _ = CATALOGUES[prefix]
    assert list(catalogue_faults(catalogue(prefix), by_name[model], by_name)) == []


@pytest.mark.parametrize("prefix", CATALOGUES)
def test_the_macro_compares_every_attribute_of_the_catalogue(prefix):
    _, name = CATALOGUES[prefix]
    macro = (DBT_PROJECT_DIR / "macros" / f"{name}.sql").read_text(encoding="utf-8")
    kinds = {"integer": "number", "decimal": "number", "text": "words", "boolean": "boolean"}
    listed = {
        kind: re.findall(r"'(\w+)'", names) for kind, names in re.findall(r"'(\w+)': \[([^\]]*)\]", macro)
    }
    for kind in ("number", "words", "boolean"):
        assert listed[kind] == [
            row["attribute"] for row in catalogue(prefix) if kinds[row["data_type"]] == kind
        ]


def churn_features():
    with (SEEDS_DIR / "churn" / "churn_model_features.csv").open(encoding="utf-8", newline="") as file:
        return [(row["feature"], row["family"]) for row in csv.DictReader(file)]


def test_the_features_of_the_churn_model_are_the_columns_and_the_rows(models):
    [model] = [model for model in models if model.name == "member_churn_features"]
    listed = [feature for feature, _ in churn_features()]
    assert sorted(listed) == sorted((model.columns.keys() - KEYS) | {"base_logit"})


def test_the_macro_sums_every_feature_under_its_family():
    macro = (DBT_PROJECT_DIR / "macros" / "churn_features.sql").read_text(encoding="utf-8")
    listed = [
        (feature, family)
        for family, features in re.findall(r"'(\w+)': \[([^\]]*)\]", macro)
        for feature in re.findall(r"'(\w+)'", features)
    ]
    assert sorted(listed) == sorted(churn_features())


@pytest.mark.parametrize(
    "changes",
    [
        {"attribute": "mood"},
        {"data_type": "decimal"},
        {"source_model": "member_moods"},
        {"source_columns": "mood"},
        {"source_columns": "stage|mood"},
    ],
)
def test_a_row_that_differs_from_its_column_is_found(changes):
    model = Model("member_attributes", "marts/tags", columns={"stage": Column("varchar", "Stage.")})
    known = {"member_lifecycle": Model("member_lifecycle", "marts/lifecycle", columns=model.columns)}
    row = {
        "attribute": "stage",
        "data_type": "text",
        "source_model": "member_lifecycle",
        "source_columns": "stage",
    }
    assert list(catalogue_faults([row], model, known)) == []
    assert list(catalogue_faults([row | changes], model, known))


def test_a_column_that_nobody_listed_is_found():
    model = Model("member_attributes", "marts/tags", columns={"stage": Column("varchar", "Stage.")})
    assert len(list(catalogue_faults([], model, {}))) == 1
