"""The shape of dbt's graph: every model computes something and is read by somebody; few of them, and flat."""

import re
from collections import Counter
from dataclasses import replace
from types import SimpleNamespace

import pytest

from orchestration.core.contract import Table
from orchestration.loader.contracts import read_contracts
from orchestration.project import PROJECT_DIR, STAGING_DIR
from tests.house.reading import Model

# 190, member_history, the season of the fits, money by day, and what training and drift keep of past dates.
MOST_MODELS = 195
MOST_DEPTH = 20
# By these a model does more than repeat what it reads.
COMPUTES = re.compile(
    r"\b(where|join|group by|union|distinct|case|over|having|limit|order by)\b"
    r"|\w\(|\{[{%]|[-+/<>=|]|\*(?!\s*from)"
)
REFERENCE = re.compile(r"\{\{\s*(ref|config)\([^}]*\)\s*\}\}")


def parents(model):
    """Names of the models it reads."""
    return {
        name for place, _, name in (read.partition(".") for read in model.reads) if name and place != "source"
    }


def copies(models):
    """Models that only select what one other model or seed holds."""
    for model in models:
        text = REFERENCE.sub("", model.sql).strip()
        text = re.sub(r"\bwith\b|\bas\s*\(|\)", " ", text)
        if len(model.reads) == 1 and not (model.room == "staging" or model.reason or COMPUTES.search(text)):
            yield f"{model.name} only selects {model.reads[0]}; let its readers read that"


def middle_steps(models):
    """Private models that only one model reads, which reads nothing else: the two are one."""
    children = Counter(parent for model in models for parent in parents(model))
    by_name = {model.name: model for model in models}
    for model in models:
        for name in parents(model) if len(parents(model)) == 1 else ():
            parent = by_name[name]
            if (
                children[name] == 1
                and not parent.is_public
                and not parent.reason
                and parent.room != "staging"
            ):
                yield f"only {model.name} reads {name}, and little else: fold it in, or say why (meta: step)"


def depth(models):
    """Models on the longest way through the graph, with its last model."""
    by_name = {model.name: model for model in models}
    known: dict[str, int] = {}

    def of(name):
        if name not in known:
            known[name] = 1 + max(map(of, parents(by_name[name])), default=0)
        return known[name]

    return max((of(name), name) for name in by_name)


def wrongly_told(tables, read):
    """Tables of which the contract says that a model reads them and none does, or the other way round."""
    for table in tables:
        if table.is_read != (table.full_name in read):
            yield f"{table.full_name}: meta.silences must {'' if table.is_read else 'not '}be 'nothing'"


def test_no_model_only_selects_another(models):
    assert list(copies(models)) == []


@pytest.mark.parametrize(
    ("sql", "faults"),
    [
        ("{{ config(materialized='view') }}\nselect * from {{ ref('int_rows') }}", 1),
        (
            "with orders as (\n    select * from {{ ref('int_rows') }}\n)\n\nselect\n    a\nfrom orders",
            1,
        ),
        ("select a, b as c from {{ ref('int_rows') }}", 1),
        ("select a from {{ ref('int_rows') }} where b", 0),
        ("select a, b + 1 as c from {{ ref('int_rows') }}", 0),
        ("select count(*) as orders from {{ ref('int_rows') }}", 0),
        ("select {{ days_between('a', 'b') }} as days from {{ ref('int_rows') }}", 0),
    ],
)
def test_a_model_that_only_selects_another_is_found(sql, faults):
    planted = Model("fct_planted", "core/facts", sql=sql, reads=("core.int_rows",))
    assert len(list(copies([planted]))) == faults
    assert not list(copies([replace(planted, reason="leaves out what readers may not see")]))


def test_no_model_stands_in_the_middle_of_a_chain_it_belongs_into(models):
    assert list(middle_steps(models)) == []


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({}, 1),
        ({"is_public": True}, 0),
        ({"reason": "somebody looks in between"}, 0),
        ({"folder": "staging/a"}, 0),
    ],
)
def test_a_step_that_belongs_into_its_only_reader_is_found(changes, faults):
    step = Model(**{"name": "int_a__b", "folder": "intermediate/a", "is_public": False} | changes)
    reader = Model("fct_a", "marts/a", reads=(f"{step.room}.int_a__b", "seeds/a/b"))
    assert len(list(middle_steps([step, reader]))) == faults
    assert not list(middle_steps([step, reader, Model("fct_b", "marts/a", reads=("intermediate.int_a__b",))]))


def test_a_delivered_table_that_no_model_reads_silences_nothing(manifest):
    nodes = [node for node in manifest.nodes.values() if node.resource_type == "model"]
    sources = {name: f"{source.source_name}.{source.name}" for name, source in manifest.sources.items()}
    read = {sources[name] for node in nodes for name in node.depends_on.nodes if name in sources}
    tables = [table for contract in read_contracts(STAGING_DIR).values() for table in contract.tables]
    assert list(wrongly_told(tables, read)) == []


def test_a_table_of_which_the_contract_says_otherwise_is_found():
    read, unread = (
        Table("till", name, (), None, False, (), what) for name, what in (("a", ""), ("b", "nothing"))
    )
    assert list(wrongly_told([read, unread], {"till.a"})) == []
    assert list(wrongly_told([read, unread], {"till.b"})) == [
        "till.a: meta.silences must be 'nothing'", "till.b: meta.silences must not be 'nothing'",
    ]  # fmt: skip


def test_the_graph_is_small_and_flat(models):
    assert len(models) <= MOST_MODELS
    assert depth(models) <= (MOST_DEPTH + 1, "")


def test_the_page_of_rooms_names_these_bounds():
    page = (PROJECT_DIR / "docs" / "rooms.md").read_text(encoding="utf-8")
    assert f"at most\n{MOST_MODELS} models, at most {MOST_DEPTH} deep" in page


def test_the_depth_is_the_longest_way():
    a, b, c = (
        Model(name, "core/facts", reads=reads)
        for name, reads in (("a", ("source.chain",)), ("b", ("core.a",)), ("c", ("core.a", "core.b")))
    )
    assert depth([a, b, c]) == (3, "c")


def is_private_by_name(model):
    """A working model is `int_<thing>__<step>`, or in a later room `<prefix>_<thing>__<step>`."""
    return model.name.startswith("int_") or "__" in model.name


def test_what_is_private_has_the_name_of_a_step(models):
    rooms = [model for model in models if model.room != "staging"]
    assert [model.name for model in rooms if model.is_public == is_private_by_name(model)] == []


@pytest.mark.parametrize("name", ["int_member_totals", "int_rfm__scores", "aud_journeys__ends"])
def test_a_step_is_known_by_its_name(name):
    assert is_private_by_name(Model(name, "intermediate/a"))
    assert not is_private_by_name(Model("fct_order", "core/facts"))


def half_public(nodes):
    """Public views over what readers do not get, which nobody could read."""
    for node in nodes.values():
        if node.resource_type == "model" and node.config.materialized == "view" and is_public(node):
            yield from ((node.name, read) for read in node.depends_on.nodes if not is_public(nodes.get(read)))


def is_public(node):
    """Whether readers get it; a source has no node and is a file outside."""
    return bool(node and node.config.meta.get("public"))


def test_what_a_public_view_reads_is_public(manifest):
    assert list(half_public(manifest.nodes)) == []


@pytest.mark.parametrize(("kind", "meta", "is_found"), [
    ("view", {}, True), ("table", {}, False), ("view", {"public": True}, False),
])  # fmt: skip
def test_a_public_view_over_something_private_is_found(kind, meta, is_found):
    def planted(name, materialized, meta, *reads):
        config = SimpleNamespace(materialized=materialized, meta=meta)
        depends_on = SimpleNamespace(nodes=reads)
        return SimpleNamespace(resource_type="model", name=name, config=config, depends_on=depends_on)

    nodes = {"a": planted("a", "table", meta), "b": planted("b", kind, {"public": True}, "a")}
    assert bool(list(half_public(nodes))) == is_found


def asked_while_compiling(manifest):
    """What macros ask of relations before the SQL is there, with everything those are made of."""
    for node in manifest.nodes.values():
        text = getattr(node, "raw_code", "")
        calls = "\n".join(re.findall(r"(?:tag_shapes|run_query)\((.*)\)", text))
        waiting = [
            found.unique_id
            for name in re.findall(r"ref\('(\w+)'\)", calls)
            for found in manifest.nodes.values()
            if found.name == name
        ]
        while waiting:
            asked = manifest.nodes.get(waiting.pop())
            if asked is None or asked.resource_type == "model":
                yield node.name, asked and asked.name
                waiting += asked.depends_on.nodes if asked else []


def test_what_is_asked_while_compiling_is_made_of_seeds_alone(manifest):
    """Compiled SQL is kept until a file changes (docs/decisions/0030): facts must not be in it."""
    asking = {
        macro.name
        for macro in manifest.macros.values()
        if macro.package_name == "rekindle" and "run_query(" in macro.macro_sql
    }
    assert asking == {"tag_shapes"}
    found = set(asked_while_compiling(manifest))
    assert {asked for _, asked in found} == {"dim_tag_path"}
    assert {model for model, _ in found} == {"fct_member_tag", "fct_product_tag", "fct_tag_conflict"}
