"""What documents name is there: models and columns, decisions and the files they link."""

import ast
import re

from typer.main import get_command

from orchestration.cli import app
from orchestration.project import PROJECT_DIR
from tests.house.reading import written_files

SPAN = re.compile(r"`([^`\n]+)`")
RELATION = re.compile(
    r"(?<![\w.<>/-])(?:\w+\.)?((?:stg|int|dim|fct|member|aud|exp|srv)_[a-z0-9_]*[a-z0-9])(?![\w<*/.{…-])"
)
QUALIFIED = re.compile(r"\b([a-z]+)\.([a-z]+_[a-z0-9_]+)\b")
COMMAND = re.compile(r"rekindle ([a-z]+)(?: [a-z]+)?")
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)\s]*)?\)")
PATH = re.compile(r"(seeds|orchestration|dbt_project|tests|benchmarks|docs)/[\w./-]*")
NUMBERED = re.compile(r"(\d{4})-[a-z0-9-]+\.md")


def documents():
    """Path and text of README, CONTRIBUTING and the pages of docs; decisions keep the names of their day."""
    for path, text in written_files():
        if path.endswith(".md") and path != "CHANGELOG.md" and not path.startswith("docs/decisions/"):
            yield path, text


def stale_names(path, text, known):
    """Back-quoted words that look like a model and are none, nor a column."""
    for span in SPAN.finditer(text):
        for found in RELATION.finditer(span.group(1)):
            if found.group(1) not in known:
                line = text.count("\n", 0, span.start()) + 1
                yield f"{path}:{line} names {found.group(1)}, which is no model and no column"


def wrong_rooms(path, text, schemas):
    """Back-quoted relations with a schema that is not theirs."""
    for span in SPAN.finditer(text):
        for schema, name in QUALIFIED.findall(span.group(1)):
            if schema in schemas.values() and name in schemas and schemas[name] != schema:
                yield f"{path} names {schema}.{name}, which is in {schemas[name]}"


def lost_commands(path, text, commands):
    """Back-quoted commands that the command line does not have."""
    for span in SPAN.findall(text):
        found = COMMAND.match(span)
        if found and not {found.group(1), found.group(0)} & commands:
            yield f"{path} names the command {found.group(0)}, which is not there"


def lost_links(path, text):
    """Links to files of the project that are not there."""
    for target in LINK.findall(text):
        if "://" not in target and not (PROJECT_DIR / path).parent.joinpath(target).exists():
            yield f"{path} links {target}, which is not there"


def lost_paths(path, text):
    """Back-quoted paths from the project's root that lead nowhere."""
    for span in SPAN.findall(text):
        if PATH.fullmatch(span) and not (PROJECT_DIR / span).exists():
            yield f"{path} names {span}, which is not there"


def number_faults(names):
    """Gaps and repeats in the numbers of decisions."""
    numbers = sorted(int(NUMBERED.fullmatch(name).group(1)) for name in names)
    for place, number in enumerate(numbers, 1):
        if number != place:
            yield f"decision {number:04} stands where {place:04} is due"
            return


def known_names(manifest, modules):
    """Names of nodes and their columns, and texts of Python such as the names of checks."""
    nodes = [*manifest.nodes.values(), *manifest.sources.values()]
    texts = {
        node.value for module in modules for node in ast.walk(module.tree) if isinstance(node, ast.Constant)
    }
    return {node.name for node in nodes} | {column for node in nodes for column in node.columns} | texts


def test_documents_name_models_and_columns_that_are_there(manifest, modules):
    known = known_names(manifest, modules)
    pages = dict(documents())
    assert {"README.md", "CONTRIBUTING.md", "docs/flow.md"} <= pages.keys()
    assert [found for path, text in pages.items() for found in stale_names(path, text, known)] == []


def test_a_stale_name_is_found(manifest, modules):
    known = known_names(manifest, modules)
    text = (
        "`marts.member_lifecycle`, `member_key`,\nnot `fct_planted`, nor `dbt build --select member_gone+`."
    )
    assert [found.split(",")[0] for found in stale_names("docs/x.md", text, known)] == [
        "docs/x.md:2 names fct_planted",
        "docs/x.md:2 names member_gone",
    ]


def test_relations_are_named_with_their_own_schema(manifest):
    schemas = {
        node.name: node.schema for node in manifest.nodes.values() if node.resource_type in ("model", "seed")
    }
    assert [found for path, text in documents() for found in wrong_rooms(path, text, schemas)] == []
    assert list(wrong_rooms("docs/x.md", "`marts.dim_member`, `core.dim_member.records`", schemas)) == [
        "docs/x.md names marts.dim_member, which is in core"
    ]


def test_commands_are_there():
    groups = get_command(app).commands
    below = {f"rekindle {name} {part}" for name in groups for part in getattr(groups[name], "commands", ())}
    commands = {name for name in groups if not hasattr(groups[name], "commands")} | below
    assert [found for path, text in documents() for found in lost_commands(path, text, commands)] == []
    text = "`rekindle run --as-of <date>`, `rekindle tags check`, not `rekindle tags gone`"
    assert list(lost_commands("docs/x.md", text, commands)) == [
        "docs/x.md names the command rekindle tags gone, which is not there"
    ]


def test_prefixes_and_patterns_are_no_names():
    for harmless in (
        "`fct_`",
        "`stg_<source>__<plural>`",
        "`int_churn_*`",
        "`member_<state>`",
        "`docs/int_x.md`",
    ):
        assert list(stale_names("docs/x.md", harmless, set())) == []


def test_links_lead_to_files():
    files = [(path, text) for path, text in written_files() if path.endswith(".md")]
    assert [found for path, text in files for found in lost_links(path, text)] == []
    assert list(
        lost_links("docs/flow.md", "[a](gone.md#part), [b](rooms.md), [c](https://example.org/x)")
    ) == ["docs/flow.md links gone.md, which is not there"]


def test_paths_lead_to_files():
    assert [found for path, text in documents() for found in lost_paths(path, text)] == []
    assert list(lost_paths("docs/x.md", "`seeds/gone.csv`, `seeds/tags/tags.csv`, `seeds/<domain>/`")) == [
        "docs/x.md names seeds/gone.csv, which is not there"
    ]


def test_decisions_are_numbered_without_gaps():
    names = [path.name for path in (PROJECT_DIR / "docs" / "decisions").glob("*.md")]
    assert list(number_faults(names)) == []
    assert list(number_faults(["0001-a.md", "0003-b.md"])) == ["decision 0003 stands where 0002 is due"]
    assert list(number_faults(["0001-a.md", "0001-b.md"])) == ["decision 0001 stands where 0002 is due"]
