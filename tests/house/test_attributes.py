"""The catalogue of attributes and the models that hold them say the same, in both directions."""

import csv
import re

import pytest

from orchestration.core.tag_definitions import SUBJECTS
from orchestration.project import DBT_PROJECT_DIR, SEEDS_DIR
from tests.house.reading import Column, Model

TYPES = {"varchar": "text", "boolean": "boolean", "integer": "integer", "bigint": "integer"}
KEYS = {"member_key", "source", "product_id", "as_of_date"}
# Subject -> the model with its attributes.
CATALOGUES = {"member": "member_attributes", "product": "fct_product_attributes"}


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
        for column in row["source_columns"].split("|"):
            if column not in models[row["source_model"]].columns:
                yield f"the catalogue makes {name} of {row['source_model']}.{column}, which does not exist"


def catalogue():
    with (SEEDS_DIR / "tags" / "attributes.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(("subject", "model"), CATALOGUES.items())
def test_the_catalogue_and_the_model_are_the_same(models, subject, model):
    by_name = {model.name: model for model in models}
    rows = [row for row in catalogue() if row["subject"] == subject]
    assert list(catalogue_faults(rows, by_name[model], by_name)) == []


def test_every_attribute_has_a_subject_with_a_model():
    assert {row["subject"] for row in catalogue()} == set(CATALOGUES) == set(SUBJECTS)


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
