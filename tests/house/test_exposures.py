"""Exposures name what commands read from the published file, and what they read is public.

Belongs here: comparing the SQL of the rooms that read the published file with dbt's exposures.
Does not: which room may open the file (test_rooms.py), the page that shows exposures (test_tables_page.py).
"""

import ast
import re

import pytest

from tests.house.reading import Module

# Rooms whose SQL is asked of the published file; what is made beside it is `rekindle.<schema>.<name>`.
READING = ("exports", "ledger", "readers", "report")
READ = re.compile(r"\b(?:from|join|describe)\s+(?:published\.)?([a-z]+)\.([a-z]\w+)\b")


def relations_read(modules):
    """Module, schema and name of every relation that SQL in its texts reads."""
    for module in modules:
        if module.name.split(".")[0] in READING:
            for node in ast.walk(module.tree):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield from ((module.name, *found) for found in READ.findall(node.value))


def exposure_faults(modules, manifest):
    """What a reader asks for that is not public, or that no exposure names."""
    exposed = {
        unique_id for exposure in manifest.exposures.values() for unique_id in exposure.depends_on.nodes
    }
    nodes = {
        (node.schema, node.name): node
        for node in manifest.nodes.values()
        if node.resource_type in ("model", "seed")
    }
    for module, *relation in sorted(set(relations_read(modules))):
        node = nodes.get(tuple(relation))
        if node and not node.config.meta.get("public"):
            yield f"{module} reads {'.'.join(relation)}, which is not public: no published file has it"
        elif node and node.unique_id not in exposed:
            yield f"{module} reads {'.'.join(relation)}: name it in models/serving/serving__exposures.yml"


def test_what_commands_read_is_public_and_stands_in_an_exposure(modules, manifest):
    assert list(exposure_faults(modules, manifest)) == []


def test_the_readers_are_found(modules):
    assert {name.split(".")[0] for name, *_ in relations_read(modules)} >= set(READING)


@pytest.mark.parametrize(
    ("name", "sql", "fault"),
    [
        ("readers.planted", "from marts.member_lifecycle", None),
        ("readers.planted", "from intermediate.int_member_totals", "int_member_totals, which is not public"),
        ("readers.planted", "from published.seeds.tag_rules", "tag_rules, which is not public"),
        ("readers.planted", "from rekindle.seeds.tag_rules", None),
        ("exports.planted", "from marts.fct_missed_product", "fct_missed_product: name it in"),
        ("fits.planted", "from marts.fct_churn_bias", None),
    ],
)
def test_a_relation_that_is_private_or_in_no_exposure_is_found(manifest, name, sql, fault):
    found = list(exposure_faults([Module(name, f"QUERY = {sql!r}")], manifest))
    assert len(found) == bool(fault)
    assert not fault or fault in found[0]
