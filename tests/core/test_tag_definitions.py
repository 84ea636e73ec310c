"""What is refused about tags, one planted fault at a time, and all of them at once."""

import shutil
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.core.errors import InputFault
from orchestration.core.tag_definitions import (
    MOST_CLAUSES,
    OPERATORS,
    SUBJECTS,
    Definitions,
    Row,
    check,
    tag_faults,
)
from orchestration.definitions_files.rows import read_rows
from orchestration.definitions_files.tags import check_definitions, read_definitions
from orchestration.project import DBT_PROJECT_DIR, SEEDS_DIR

TODAY = date(2025, 12, 28)
ATTRIBUTES = [
    {"attribute": "orders", "data_type": "integer", "lowest": "0"},
    {"attribute": "score", "data_type": "integer", "lowest": "1", "highest": "5"},
    {"attribute": "ratio", "data_type": "decimal"},
    {"attribute": "region", "data_type": "text"},
    {"attribute": "stage", "data_type": "text", "allowed_values": "new|stable"},
    {"attribute": "is_keen", "data_type": "boolean"},
]


def tag(code, **changes):
    good = {
        "subject": "member",
        "tag": code,
        "layer": "basic",
        "label_en": code.title(),
        "label_zh": f"标签{code}",
        "definition": "Is so.",
        "owner": "crm",
        "refresh": "daily",
        "action": "Greet",
        "metric": "Returns",
        "lowest_expected_share": "0",
        "highest_expected_share": "1",
        "valid_from": "2020-01-01",
        "valid_to": "",
    }
    return good | changes


def rule(code, attribute="orders", operator=">=", value="3", group_no="1"):
    return {"tag": code, "group_no": group_no, "attribute": attribute, "operator": operator, "value": value}


def rows(file, values):
    return tuple(Row(file, line, row) for line, row in enumerate(values, start=2))


def defined(tags, rules, conflicts=(), strategies=()):
    return Definitions(
        attributes=rows("attributes.csv", ATTRIBUTES),
        layers=rows("tag_layers.csv", [{"layer": "basic"}]),
        tags=rows("tags.csv", tags),
        rules=rows("tag_rules.csv", rules),
        conflicts=rows("tag_conflicts.csv", [{"tag": one, "over_tag": other} for one, other in conflicts]),
        strategies=rows("tag_strategies.csv", [{"tag": one, "with_tag": other} for one, other in strategies]),
        settings=(),
        setting_types={},
    )


def faults(*arguments):
    return [str(fault) for fault in tag_faults(defined(*arguments), TODAY)]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"action": ""}, "no action"),
        ({"metric": " "}, "no metric"),
        ({"owner": ""}, "no owner"),
        ({"label_zh": ""}, "no label_zh"),
        ({"subject": "shop"}, "subject 'shop'"),
        ({"layer": "mood"}, "layer 'mood'"),
        ({"refresh": "often"}, "refresh 'often'"),
        ({"valid_to": "2025-12-27"}, "expired on 2025-12-27"),
        ({"valid_to": "2019-12-31"}, "before valid_from"),
        ({"valid_from": "soon"}, "no date"),
        ({"valid_from": "20200101"}, "no date"),
        ({"valid_from": "2020-W01-1"}, "no date"),
        ({"definition": "Ask ann@example.org."}, "a contact detail in definition"),
        ({"action": "Call (010) 1234-5678-90"}, "a contact detail in action"),
        ({"lowest_expected_share": "0.6", "highest_expected_share": "0.5"}, "not a range"),
        ({"highest_expected_share": "1.1"}, "not a range"),
    ],
)
def test_a_fault_of_a_tag_is_found_where_it_stands(changes, told):
    assert faults([tag("a")], [rule("a")]) == []
    [found] = faults([tag("a", **changes)], [rule("a")])
    assert found.startswith("tags.csv:2 tag 'a': ")
    assert told in found


def test_the_last_day_of_a_tag_still_counts():
    assert faults([tag("a", valid_to="2025-12-28")], [rule("a")]) == []


@pytest.mark.parametrize(
    "clause",
    [
        {"attribute": "mood"},
        {"attribute": "orders; drop table tags"},
        {"operator": "like"},
        {"operator": ">= 0 or 1=1 --"},
        {"attribute": "region", "operator": ">", "value": "East"},
        {"value": "three"},
        {"value": "2.5"},
        {"value": "1e9"},
        {"value": "３"},
        {"value": "-1"},
        {"value": ""},
        {"attribute": "score", "value": "6"},
        {"attribute": "stage", "operator": "=", "value": "silent"},
        {"attribute": "is_keen", "operator": "=", "value": "yes"},
        {"operator": "filled", "value": "3"},
        {"group_no": "0"},
        {"attribute": "region", "operator": "=", "value": "ann@example.org"},
        {"attribute": "region", "operator": "=", "value": "+86 138 0013 8000"},
        {"attribute": "region", "operator": "=", "value": "138.0013.8000"},
    ],
)
def test_a_fault_of_a_clause_is_found_where_it_stands(clause):
    [found] = faults([tag("a")], [rule("a", **clause)])
    assert found.startswith("tag_rules.csv:2 tag 'a': ")
    assert "example.org" not in found
    assert "138" not in found


def test_a_value_of_any_words_is_only_a_value():
    assert faults([tag("a")], [rule("a", "region", "=", "O'East\n\"; drop table x; -- 东")]) == []


@pytest.mark.parametrize(
    ("first", "second", "is_possible"),
    [
        ((">", "5"), ("<", "3"), False),
        ((">", "3"), ("<=", "3"), False),
        ((">=", "3"), ("<", "3"), False),
        ((">=", "3"), ("<=", "3"), True),
        (("=", "3"), (">", "3"), False),
        (("=", "3"), (">=", "3"), True),
        (("=", "3"), ("=", "4"), False),
        (("=", "3"), ("<>", "3"), False),
        (("empty", ""), (">", "3"), False),
        (("empty", ""), ("filled", ""), False),
        ((">", "3"), ("<", "4"), False),
        ((">", "3"), ("<", "5"), True),
        (("<", "1"), ("<>", "0"), False),
        (("in", "3"), (">", "3"), False),
        (("in", "3"), ("=", "4"), False),
        (("in", "3"), ("in", "4"), True),
    ],
)
def test_a_range_that_nothing_meets_is_found(first, second, is_possible):
    pair = [rule("a", "orders", *first), rule("a", "orders", *second)]
    assert (faults([tag("a")], pair) == []) == is_possible
    apart = [pair[0], pair[1] | {"group_no": "2"}]
    assert faults([tag("a")], apart) == []


def test_codes_labels_and_meanings_are_used_once():
    other = rule("b", value="4")
    assert "code 'a' is used" in faults([tag("a"), tag("a", label_en="B", label_zh="乙")], [rule("a")])[0]
    assert "label_en 'A' is used" in faults([tag("a"), tag("b", label_en="A")], [rule("a"), other])[0]
    assert "label_zh" in faults([tag("a"), tag("b", label_zh="标签a")], [rule("a"), other])[0]
    assert "the same rule as a" in faults([tag("a"), tag("b")], [rule("a"), rule("b", value="3.0")])[0]


def test_between_two_whole_numbers_lies_no_integer_but_a_decimal():
    def between(attribute):
        return [rule("a", attribute, ">", "3"), rule("a", attribute, "<", "4")]

    assert faults([tag("a")], between("ratio")) == []
    assert "no value of orders" in faults([tag("a")], between("orders"))[0]


@pytest.mark.parametrize(
    ("one", "other", "is_the_same"),
    [
        ([("orders", ">", "3")], [("orders", ">=", "4")], True),
        ([("ratio", ">", "3")], [("ratio", ">=", "4")], False),
        ([("orders", "in", "3")], [("orders", "=", "3")], True),
        ([("orders", "=", "3")], [("orders", ">=", "3"), ("orders", "<=", "3")], True),
        ([("orders", ">=", "3")], [("orders", ">=", "3"), ("orders", ">=", "2")], True),
        ([("orders", ">=", "3")], [("orders", ">=", "3"), ("orders", "filled", "")], True),
        ([("orders", ">=", "0")], [("orders", "filled", "")], True),
        ([("score", "<>", "5")], [("score", "<=", "4")], True),
        ([("orders", "<>", "5")], [("orders", "<=", "4")], False),
        ([("score", "in", "4"), ("score", "in", "5")], [("score", ">", "3")], True),
        ([("is_keen", "=", "true")], [("is_keen", "<>", "false")], True),
        ([("stage", "=", "new")], [("stage", "<>", "stable")], True),
        ([("region", "=", "East")], [("region", "<>", "West")], False),
        ([("region", "=", "East")], [("region", "=", "east")], False),
        ([("region", "in", "East"), ("region", "in", "West")], [("region", "in", "East")], False),
    ],
)
def test_a_meaning_is_told_by_what_it_lets_through_not_by_its_words(one, other, is_the_same):
    rules = [rule("a", *clause) for clause in one] + [rule("b", *clause) for clause in other]
    found = faults([tag("a"), tag("b")], rules)
    assert any("the same rule as a" in fault for fault in found) == is_the_same
    assert len(found) == is_the_same


def test_groups_that_split_one_meaning_are_seen_through():
    whole = [rule("a", "orders", ">=", "3"), rule("a", "stage", "filled", "")]
    parts = [
        *[rule("b", "orders", ">=", "3", group) for group in "123"],
        rule("b", "stage", "=", "new", "1"),
        rule("b", "orders", "<", "9", "1"),
        rule("b", "stage", "=", "new", "2"),
        rule("b", "orders", ">=", "9", "2"),
        rule("b", "stage", "=", "stable", "3"),
    ]
    assert "the same rule as a" in faults([tag("a"), tag("b")], whole + parts)[0]
    assert faults([tag("a"), tag("b")], whole + [row for row in parts if row["group_no"] != "2"]) == []


def test_a_meaning_is_the_same_in_any_order():
    one = [rule("a"), rule("a", "stage", "=", "new"), rule("a", "ratio", ">", "2", "2")]
    two = [rule("b", "ratio", ">", "2.0", "1"), rule("b", "stage", "=", "new", "7"), rule("b", group_no="7")]
    assert len(faults([tag("a"), tag("b")], one + two)) == 1


def test_rules_and_tags_belong_together():
    assert "no rule" in faults([tag("a")], [])[0]
    assert "tags.csv does not have" in faults([tag("a")], [rule("a"), rule("b")])[0]


def test_a_group_has_as_many_clauses_as_the_model_has_slots():
    clauses = [rule("a", "orders", "<>", str(number)) for number in range(MOST_CLAUSES + 1)]
    assert faults([tag("a")], clauses[:-1]) == []
    assert "7 clauses" in faults([tag("a")], clauses)[0]
    text = (DBT_PROJECT_DIR / "dbt_project.yml").read_text(encoding="utf-8")
    assert f"most_tag_clauses: {MOST_CLAUSES}\n" in text


@pytest.mark.parametrize(
    "pairs", [[("a", "a")], [("a", "b"), ("b", "a")], [("a", "b"), ("b", "c"), ("c", "a")]]
)
def test_a_circle_of_precedence_is_found(pairs):
    tags = [tag(code) for code in "abc"]
    rules = [rule(code, "orders", "=", str(number)) for number, code in enumerate("abc")]
    assert faults(tags, rules, [("a", "b"), ("a", "c"), ("b", "c")]) == []
    assert len(faults(tags, rules, pairs)) == len(pairs)
    assert "no tag" in faults(tags, rules, [("a", "d")])[0]


@pytest.mark.parametrize(("over", "is_held"), [("4", False), ("5", True)])
def test_a_tag_that_is_always_overridden_is_found(over, is_held):
    """At least 5 orders are at least 4; of those with at least 4, some have fewer than 5."""
    tags, rules = [tag("a"), tag("b")], [rule("a", value=over), rule("b", value="5" if not is_held else "4")]
    found = faults(tags, rules, [("a", "b")])
    assert found == [] if is_held else "nobody can hold b: it is always overridden" in found[0]


def test_a_pair_that_is_named_twice_is_a_tie():
    tags, rules = [tag(code) for code in "ab"], [rule(code, value=str(n)) for n, code in enumerate("ab")]
    assert "a tie" in faults(tags, rules, [("a", "b"), ("a", "b")])[0]
    assert "a tie" in faults(tags, rules, [], [("a", "b"), ("b", "a")])[0]


def test_a_strategy_is_for_tags_that_somebody_can_hold_together():
    tags = [tag(code) for code in "abc"]
    rules = [rule("a", value="3"), rule("b", value="5"), rule("c", operator="<", value="3")]
    assert faults(tags, rules, [], [("a", "b"), ("b", "c")])[0].endswith("choose tags that stand together")
    assert faults(tags, rules, [], [("a", "b")]) == []
    assert "exclude each other" in faults(tags, rules, [("b", "a")], [("a", "b")])[0]
    assert "with_tag 'd' is no tag" in faults(tags, rules, [], [("a", "d")])[0]


def test_all_faults_are_told_at_once_with_exit_code_2():
    with pytest.raises(InputFault) as told:
        check(defined([tag("a", action=""), tag("b", metric="")], [rule("a", "mood"), rule("b")]), TODAY)
    assert told.value.exit_code == 2
    assert str(told.value).startswith("3 faults")


def test_an_attribute_of_no_type_is_a_fault_of_the_catalogue():
    definitions = defined([tag("a")], [rule("a")])
    odd = replace(
        definitions, attributes=rows("attributes.csv", [{"attribute": "orders", "data_type": "number"}])
    )
    assert any(
        str(fault).startswith("attributes.csv:2 attribute 'orders'") for fault in tag_faults(odd, TODAY)
    )


@given(st.text(), st.sampled_from(["orders", "region", "is_keen", "x"]), st.text(max_size=5))
def test_no_text_brings_the_check_down(value, attribute, operator):
    faults([tag("a")], [rule("a", attribute, operator, value), rule("a", attribute, "=", value)])


@pytest.mark.parametrize("subject", SUBJECTS)
def test_the_delivered_definitions_have_no_fault(subject):
    definitions = read_definitions(subject=subject)
    assert len(definitions.tags) > 10
    assert list(tag_faults(definitions, TODAY)) == []


def test_tags_of_products_are_compared_with_their_own_catalogue():
    """One check serves both; members have a stage and products have none."""
    members, products = read_definitions(), read_definitions(subject="product")
    planted = replace(products, rules=(*products.rules, Row("tag_rules.csv", 99, rule("scarce", "stage"))))
    [found] = map(str, tag_faults(planted, TODAY))
    assert found.startswith("tag_rules.csv:99 tag 'scarce': unknown attribute 'stage'")
    with pytest.raises(InputFault, match="1 fault in the tag definitions"):
        check(members, TODAY, planted)


def test_what_belongs_to_no_known_subject_is_told_once(tmp_path):
    folder = tmp_path / "tags"
    shutil.copytree(SEEDS_DIR / "tags", folder)
    with (folder / "tag_rules.csv").open("a", encoding="utf-8") as file:
        file.write("nobody_knows,1,buyers,>=,3\n")
    tags = folder / "tags.csv"
    text = tags.read_text(encoding="utf-8").replace("\nproduct,scarce,", "\nshelf,scarce,")
    tags.write_text(text, encoding="utf-8")
    with pytest.raises(InputFault) as told:
        check_definitions(TODAY, folder)
    faults = str(told.value)
    assert faults.count("tag 'nobody_knows': a rule of a tag that tags.csv does not have") == 1
    assert faults.count("tag 'scarce': subject 'shelf'; allowed: member, product") == 1


def test_a_fault_of_the_settings_is_told_with_those_of_the_tags(tmp_path):
    folder = tmp_path / "tags"
    shutil.copytree(SEEDS_DIR / "tags", folder)
    file = folder / "tag_settings.csv"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("\ndrift_days,7,", "\ndrift_days,soon,"), encoding="utf-8")
    with pytest.raises(InputFault) as told:
        check_definitions(TODAY, folder)
    assert (
        str(told.value).count(
            "tag_settings.csv:2 setting 'drift_days': value 'soon'; allowed: a whole number"
        )
        == 1
    )


def test_a_strategy_is_for_tags_of_members(tmp_path):
    folder = tmp_path / "tags"
    shutil.copytree(SEEDS_DIR / "tags", folder)
    with (folder / "tag_strategies.csv").open("a", encoding="utf-8") as file:
        file.write("new_member,scarce,bundle,Bundle,组合\n")
    with pytest.raises(InputFault, match="with_tag 'scarce' is no tag"):
        check_definitions(TODAY, folder)


def test_operators_are_those_that_the_model_knows():
    known = read_rows(SEEDS_DIR / "tags" / "tag_operators.csv")
    numbers = {row["operator"] for row in known if row["number_comparison"]}
    texts = {row["operator"] for row in known if row["text_comparison"]}
    assert OPERATORS["integer"] == OPERATORS["decimal"] == numbers
    assert OPERATORS["text"] == texts
