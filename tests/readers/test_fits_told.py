"""Whoever published without a fit sees it, and what to type."""

from orchestration.readers.status import without_probabilities

TABLE = "marts.member_churn_probability"


def test_a_publication_without_probabilities_says_what_to_type():
    [said] = without_probabilities({TABLE: 0, "core.dim_member": 5})
    assert TABLE in said
    assert "type: rekindle run" in said
    assert "minimum_members" in said


def test_nothing_is_said_where_members_have_probabilities_or_the_table_is_not_published():
    assert without_probabilities({TABLE: 3}) == []
    assert without_probabilities({"core.dim_member": 5}) == []
