"""What is refused about tags, one planted fault at a time, and all of them at once."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.core.tag_definitions import (
    MOST_CLAUSES,
    OPERATORS,
    Definitions,
    Row,
    TagsAtFault,
    check,
    tag_faults,
)
from orchestration.project import DBT_PROJECT_DIR
from orchestration.tag_files import read_definitions

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


def defined(tags, rules, conflicts=()):
    return Definitions(
        attributes=rows("attributes.csv", ATTRIBUTES),
        layers=rows("tag_layers.csv", [{"layer": "basic"}]),
        tags=rows("tags.csv", tags),
        rules=rows("tag_rules.csv", rules),
        conflicts=rows("tag_conflicts.csv", [{"tag": one, "over_tag": other} for one, other in conflicts]),
    )


def faults(*arguments):
    return list(tag_faults(defined(*arguments), TODAY))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"action": ""}, "no action"),
        ({"metric": " "}, "no metric"),
        ({"owner": ""}, "no owner"),
        ({"label_zh": ""}, "no label_zh"),
        ({"layer": "mood"}, "layer 'mood'"),
        ({"refresh": "often"}, "refresh 'often'"),
        ({"valid_to": "2025-12-27"}, "expired on 2025-12-27"),
        ({"valid_to": "2019-12-31"}, "before valid_from"),
        ({"valid_from": "soon"}, "no date"),
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
        {"value": "-1"},
        {"value": ""},
        {"attribute": "score", "value": "6"},
        {"attribute": "stage", "operator": "=", "value": "silent"},
        {"attribute": "is_keen", "operator": "=", "value": "yes"},
        {"operator": "filled", "value": "3"},
        {"group_no": "0"},
        {"attribute": "region", "operator": "=", "value": "ann@example.org"},
        {"attribute": "region", "operator": "=", "value": "+86 138 0013 8000"},
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
    tags, rules = [tag(code) for code in "abc"], [rule(code, value=str(n)) for n, code in enumerate("abc")]
    assert faults(tags, rules, [("a", "b"), ("a", "c"), ("b", "c")]) == []
    assert len(faults(tags, rules, pairs)) == len(pairs)
    assert "no tag" in faults(tags, rules, [("a", "d")])[0]


def test_all_faults_are_told_at_once_with_exit_code_2():
    with pytest.raises(TagsAtFault) as told:
        check(defined([tag("a", action=""), tag("b", metric="")], [rule("a", "mood"), rule("b")]), TODAY)
    assert told.value.exit_code == 2
    assert str(told.value).startswith("3 faults")


@given(st.text(), st.sampled_from(["orders", "region", "is_keen", "x"]), st.text(max_size=5))
def test_no_text_brings_the_check_down(value, attribute, operator):
    faults([tag("a")], [rule("a", attribute, operator, value), rule("a", attribute, "=", value)])


def test_the_delivered_definitions_have_no_fault():
    assert list(tag_faults(read_definitions(), TODAY)) == []


def test_operators_are_those_that_the_model_knows():
    from orchestration.tag_files import SEEDS_DIR, _rows

    known = _rows(SEEDS_DIR / "tags" / "tag_operators.csv")
    numbers = {row["operator"] for row in known if row["number_comparison"]}
    texts = {row["operator"] for row in known if row["text_comparison"]}
    assert OPERATORS["integer"] == OPERATORS["decimal"] == numbers
    assert OPERATORS["text"] == texts
