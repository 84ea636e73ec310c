"""Twin files, names and types of models and seeds, names of data tests."""

import re
from dataclasses import replace

import pytest

from orchestration.project import DBT_PROJECT_DIR
from tests.house.reading import Column, DataTest, Model, Seed

# A share whose name must say of what or from where; everywhere else `_share` comes last.
SHARES_WITH_A_TAIL = {
    "share_of_from_stage": "of the members who were in from_stage, not of all",
    "p_alive": "a probability, not a share",
    "propensity": "a probability, not a share",
    "p_no_purchase": "a probability, not a share",
    "p_no_purchase_28d": "a probability, not a share",
    "base_p_no_purchase_28d": "a probability, not a share",
    "even_p_no_purchase_28d": "a probability, not a share",
    "model_p_no_purchase_28d": "a probability, not a share",
    "p_no_purchase_90d": "a probability, not a share",
    "base_p_no_purchase_90d": "a probability, not a share",
    "even_p_no_purchase_90d": "a probability, not a share",
    "model_p_no_purchase_90d": "a probability, not a share",
    "revenue_share_above": "of the members strictly above, not of the member",
}
WITHOUT_KEY = {"stg_rekindle__loads": "a table that was never delivered has a row without a date"}
# Nouns without a plural that name what a source counts.
MASS_NOUNS = {"stock"}
MODEL_NAMES = {
    "staging": r"stg_{source}__[a-z]+(_[a-z]+)*",
    "core": r"((dim|fct)_[a-z]+(_[a-z]+)*|int_[a-z]+(_[a-z]+)*(__[a-z]+(_[a-z]+)*)?)",
    "intermediate": r"int_[a-z]+(_[a-z]+)*(__[a-z]+(_[a-z]+)*)?",
    "marts": r"(dim|fct|member)_[a-z]+(_[a-z]+)*",
    "audiences": r"aud_[a-z]+(_[a-z]+)*(__[a-z]+(_[a-z]+)*)?",
    "experiments": r"exp_[a-z]+(_[a-z]+)*(__[a-z]+(_[a-z]+)*)?",
    "serving": r"srv_[a-z]+(_[a-z]+)*",
}
IN_FOLDERS = {"staging": "source", "core": "kind", "intermediate": "domain", "marts": "domain"}
KEEPS = ("newest", "weeks", "all")
CONTACT_WORDS = {
    "phone",
    "mobile",
    "email",
    "mail",
    "wechat",
    "address",
    "union",
    "card",
    "surname",
    "birthday",
}
NAMED_THINGS = {"missed_product_name", "product_name", "store_name", "table_name"}


def twin_faults(model):
    """What is wrong with a model's description."""
    if model.described_in != f"{model.folder}/{model.name}.yml":
        yield f"{model.name} is described in {model.described_in}, not in its twin in {model.folder}"
    if not re.match(r"One row(:| per )", model.description):
        yield f"{model.name}: the description starts with its grain, `One row per ...`"
    if not model.has_contract:
        yield f"{model.name} has no enforced contract"
    if not model.columns:
        yield f"{model.name} describes no column"
    for name, column in model.columns.items():
        if not column.description or not column.data_type:
            yield f"{model.name}.{name} lacks its description or data_type"


def lonely_twins(described, models):
    """yml files that describe no model or several; sources and exposures have files of their own."""
    for path in described:
        holders = [model.name for model in models if model.described_in == path]
        if not path.endswith(("__sources.yml", "__exposures.yml")) and len(holders) != 1:
            yield f"{path} describes {holders or 'nothing'}, a twin describes one model"


def name_faults(model):
    """A model's name against its room."""
    source = model.folder.split("/")[-1]
    pattern = MODEL_NAMES[model.room].replace("{source}", source)
    if not re.fullmatch(pattern, model.name):
        yield f"{model.folder}/{model.name} should look like {pattern}"
    if model.schema not in {None, model.room}:
        yield f"{model.name} is built in schema {model.schema}; one room, one schema: {model.room}"
    thing = model.name.rsplit("__", 1)[-1]
    if model.room == "staging" and not thing.endswith("s") and thing not in MASS_NOUNS:
        yield f"{model.name}: what staging holds is named in the plural"
    if model.room in IN_FOLDERS and model.folder.count("/") != 1:
        kind = IN_FOLDERS[model.room]
        yield f"{model.name} stands in {model.folder}; {model.room} has one folder per {kind}"


def column_faults(model):
    """Columns whose name does not say their type."""
    for name, column in model.columns.items():
        data_type = column.data_type or ""
        is_date = name.endswith(("_on", "as_of_date", "_week"))
        if (data_type == "date") != is_date:
            yield f"{model.name}.{name} is {data_type}; _on (or as_of_date, _week) ends a date, and only one"
        if data_type.startswith("timestamp") != name.endswith("_at"):
            yield f"{model.name}.{name} is {data_type}; _at ends a timestamp, and only one"
        if (data_type == "boolean") != name.startswith(("is_", "has_", "needs_")):
            yield f"{model.name}.{name} is {data_type}; is_, has_ or needs_ starts a boolean, and only one"
        if (data_type == "decimal(9,6)") != name.endswith("_share") and name not in SHARES_WITH_A_TAIL:
            yield f"{model.name}.{name} is {data_type}; a share is decimal(9,6) and ends in _share"
        if data_type in {"double", "float", "real"}:
            yield f"{model.name}.{name} is {data_type}; floating point sums differ from run to run"


def contact_columns(model):
    """Columns named after contact details: only staging and identity may hold their pseudonyms."""
    may_hold_pseudonyms = model.room == "staging" or model.name.startswith("int_identity_")
    for name in model.columns:
        is_person_name = name.split("_")[-1] == "name" and name not in NAMED_THINGS
        if may_hold_pseudonyms and name.split("_")[-1] == "pseudonym":
            continue
        if set(name.split("_")) & CONTACT_WORDS or is_person_name or "pseudonym" in name:
            yield f"{model.name}.{name} is named like a contact detail"


def key_faults(model, data_tests):
    """`member_<state>` is one row per member and as-of date: tested, or picked from one such table alone."""
    is_picked = len(model.reads) == 1 and model.reads[0].startswith("marts.member_")
    if is_picked and not re.search(r"\b(join|union)\b", model.sql):
        return
    keys = [test.key for test in data_tests if test.attached_to == model.name]
    if model.name.startswith("member_") and ("member_key", "as_of_date") not in keys:
        yield f"{model.name}: one row per member and as-of date, and that is the key of its rules"


def keeps_faults(model):
    """What readers get with an as-of date says which dates they get; whatever has none has no such word."""
    words = KEEPS if model.is_public and "as_of_date" in model.columns else ("",)
    if model.keeps not in words:
        yield f"{model.name} keeps {model.keeps or 'nothing'} (meta: keeps); one of {words}"


def seed_faults(seed):
    """What is wrong with a seed's description."""
    if not seed.description:
        yield f"{seed.name} has no description in seeds/seeds.yml"
    if tuple(seed.columns) != seed.csv_header:
        yield f"{seed.name}.csv has {seed.csv_header}; seeds.yml describes {tuple(seed.columns)}"
    for name, column in seed.columns.items():
        if not column.data_type or not column.description:
            yield f"{seed.name}.{name} lacks its type or description in seeds/seeds.yml"
    if not seed.is_tested:
        yield f"{seed.name} has no test in seeds/seeds.yml"


def rules_faults(model, data_tests):
    """One test holds all rules of a model, one its warnings; what is stored as a table has a key."""
    attached = [test for test in data_tests if test.attached_to == model.name]
    allowed = {("rules", "error", f"{model.name}__rules"), ("rules", "warn", f"{model.name}__warnings")}
    for test in attached:
        if (test.kind, test.severity, test.name) not in allowed:
            yield f"{test.name} of {model.name} ({test.kind}, {test.severity}) is none of {sorted(allowed)}"
    if len({test.name for test in attached}) < len(attached):
        yield f"{model.name} has two tests of one name"
    if model.is_table and model.name not in WITHOUT_KEY and not any(test.key for test in attached):
        yield f"{model.name} is a table and no `rules` test says what identifies its rows"


@pytest.mark.parametrize("rule", [twin_faults, name_faults, column_faults, contact_columns, keeps_faults])
def test_every_model_keeps(rule, models):
    assert [found for model in models for found in rule(model)] == []


def test_every_yml_beside_a_model_is_a_twin(models):
    folder = DBT_PROJECT_DIR / "models"
    assert list(lonely_twins([str(path.relative_to(folder)) for path in folder.rglob("*.yml")], models)) == []


def test_every_member_state_has_its_key_tested(models, data_tests):
    assert [
        found for model in models if model.room == "marts" for found in key_faults(model, data_tests)
    ] == []


def test_every_seed_is_described_typed_and_tested(seeds):
    assert [found for seed in seeds for found in seed_faults(seed)] == []


def test_every_model_has_one_test_of_all_its_rules(models, data_tests):
    assert [found for model in models for found in rules_faults(model, data_tests)] == []


def test_every_seed_has_one_test_of_all_its_rules(seeds, data_tests):
    # Some seeds list conditions that may repeat: what a seed lacks is a key only where it needs none.
    as_models = [Model(seed.name, "seeds", is_table=False) for seed in seeds]
    assert [found for model in as_models for found in rules_faults(model, data_tests)] == []


COLUMN = Column("bigint", "A number.")


@pytest.mark.parametrize(
    "changes",
    [
        {"described_in": "core/facts/models.yml"},
        {"described_in": None},
        {"description": "All orders."},
        {"description": "One rowing boat."},
        {"has_contract": False},
        {"columns": {}},
        {"columns": {"orders": Column(None, "A number.")}},
        {"columns": {"orders": Column("bigint", "")}},
    ],
)
def test_an_incomplete_twin_is_found(changes):
    good = {"columns": {"orders": COLUMN}, "described_in": "core/facts/fct_order.yml"}
    assert list(twin_faults(Model("fct_order", "core/facts", **good))) == []
    assert len(list(twin_faults(Model("fct_order", "core/facts", **good | changes)))) == 1


def test_a_schema_of_another_room_is_found():
    assert len(list(name_faults(Model("fct_order", "core/facts", schema="dev_marts")))) == 1


def test_a_yml_that_describes_two_models_or_none_is_found():
    two = [Model(name, "core/facts", described_in="core/facts/a.yml") for name in ("a", "b")]
    found = list(lonely_twins(["core/facts/a.yml", "core/facts/old.yml", "staging/x/x__sources.yml"], two))
    assert len(found) == 2


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("staging/chain", "stg_orders"),
        ("staging/chain", "stg_crm__orders"),
        ("staging/chain", "stg_chain__order"),
        ("intermediate/value", "orders"),
        ("core/facts", "order"),
        ("core", "fct_order"),
        ("marts", "fct_order"),
        ("serving", "fct_order"),
    ],
)
def test_a_name_of_another_room_is_found(folder, name):
    assert len(list(name_faults(Model(name, folder)))) == 1


@pytest.mark.parametrize(
    ("name", "data_type"),
    [
        ("bought", "date"),
        ("order_date", "date"),
        ("bought_on", "timestamp"),
        ("bought_at", "date"),
        ("loyal", "boolean"),
        ("is_loyal", "integer"),
        ("member_share", "double"),
        ("share_of_members", "decimal(9,6)"),
        ("net_amount", "double"),
    ],
)
def test_a_column_whose_name_hides_its_type_is_found(name, data_type):
    assert list(column_faults(Model("fct_x", "core/facts", columns={name: Column(data_type, "x")})))


@pytest.mark.parametrize(
    ("model", "folder", "name", "faults"),
    [
        ("stg_chain__members", "staging/chain", "phone_pseudonym", 0),
        ("int_identity__records", "core/identity", "name_pseudonym", 0),
        ("stg_chain__members", "staging/chain", "phone", 1),
        ("int_member__days", "intermediate/value", "phone_pseudonym", 1),
        ("dim_member", "core/facts", "email_pseudonym", 1),
        ("dim_member", "core/facts", "full_name", 1),
        ("dim_member", "core/facts", "home_address", 1),
        ("dim_product", "core/facts", "product_name", 0),
    ],
)
def test_a_contact_detail_outside_identity_is_found(model, folder, name, faults):
    assert len(list(contact_columns(Model(model, folder, columns={name: COLUMN})))) == faults


@pytest.mark.parametrize(
    ("columns", "changes", "faults"),
    [
        (("as_of_date",), {"keeps": "newest"}, 0),
        (("as_of_date",), {"keeps": "weeks"}, 0),
        (("as_of_date",), {"keeps": "all"}, 0),
        (("as_of_date",), {"keeps": "", "is_public": False}, 0),
        (("as_of_date",), {"keeps": ""}, 1),
        (("as_of_date",), {"keeps": "years"}, 1),
        (("as_of_date",), {"keeps": "newest", "is_public": False}, 1),
        (("bought_on",), {"keeps": ""}, 0),
        (("bought_on",), {"keeps": "newest"}, 1),
    ],
)
def test_a_table_that_does_not_say_which_dates_it_keeps_is_found(columns, changes, faults):
    model = Model("fct_mood", "marts/churn", columns=dict.fromkeys(columns, Column("date", "A day.")))
    assert len(list(keeps_faults(replace(model, **changes)))) == faults


def test_a_member_state_with_another_key_is_found():
    state = Model("member_mood", "marts/lifecycle")
    weekly = DataTest("weekly", "rules", "member_mood", key=("member_key", "week_on"))
    daily = DataTest("daily", "rules", "member_mood", key=("member_key", "as_of_date"))
    assert len(list(key_faults(state, [weekly]))) == 1
    assert list(key_faults(state, [daily])) == []


@pytest.mark.parametrize(
    ("sql", "faults"), [("select a from b", 0), ("select a from b union all select a from b", 1)]
)
def test_a_member_state_picked_from_another_needs_no_test_of_its_own(sql, faults):
    picked = Model("member_mood", "marts/lifecycle", sql=sql, reads=("marts.member_lifecycle",))
    assert len(list(key_faults(picked, []))) == faults


@pytest.mark.parametrize(
    "changes",
    [
        {"description": ""},
        {"csv_header": ("code", "label")},
        {"columns": {"code": Column(None, "Code.")}},
        {"columns": {"code": Column("varchar", "")}},
        {"is_tested": False},
    ],
)
def test_an_incomplete_seed_is_found(changes):
    good = {"name": "stages", "description": "Stages.", "csv_header": ("code",)}
    good |= {"columns": {"code": Column("varchar", "Code.")}, "is_tested": True}
    assert list(seed_faults(Seed(**good))) == []
    assert len(list(seed_faults(Seed(**good | changes)))) == 1


RULES = DataTest("fct_order__rules", "rules", "fct_order", key=("order_id",))
WARNINGS = DataTest("fct_order__warnings", "rules", "fct_order", severity="warn")


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        [RULES, RULES],
        [replace(RULES, key=())],
        [replace(RULES, name="rules_fct_order_1f3a")],
        [replace(RULES, severity="warn")],
        [RULES, replace(WARNINGS, severity="error")],
        [RULES, DataTest("not_null_fct_order_order_id", "not_null", "fct_order")],
    ],
)
def test_rules_in_several_tests_or_without_a_key_are_found(wrong):
    order = Model("fct_order", "core/facts")
    assert list(rules_faults(order, [RULES, WARNINGS])) == []
    assert len(list(rules_faults(order, wrong))) == 1
