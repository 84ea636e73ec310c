"""How SQL is written: no clock, no engine of its own, no numbers with a meaning, short, clear aliases."""

import json
import re

import pytest
import sqlglot
from sqlglot.errors import ErrorLevel

from orchestration.project import Home
from orchestration.warehouse.dbt import invoke_dbt
from tests.house.reading import SqlFile

CLOCK = re.compile(
    r"\b(current_date|current_time|current_timestamp|localtime|localtimestamp|now\(|today\("
    r"|transaction_timestamp\(\)|sysdate|getdate|get_current_timestamp|run_started_at|modules\.datetime|modules\.pytz|invocation_id|random\(|uuid\()"
)

# What models may call by name: same name and same result on DuckDB and Spark. Anything else goes through
# a macro of macros/engine or one of dbt's cross-database macros.
PORTABLE_FUNCTIONS = {
    "abs", "avg", "cast", "ceil", "coalesce", "count", "dense_rank", "exp", "floor", "greatest", "lag",
    "lead", "least", "ln", "lower", "max", "min", "nullif", "power", "rank", "row_number", "sqrt", "substr",
    "sum", "trim", "upper",
}  # fmt: skip
# What stands before a bracket without being a function.
KEYWORDS = {
    "and", "as", "by", "case", "decimal", "else", "exists", "from", "having", "in", "join", "not",
    "on", "or", "over", "select", "then", "union", "when", "where",
}  # fmt: skip
# Jinja's and dbt's own.
JINJA = {
    "ref", "source", "var", "config", "range", "join", "get", "values", "items", "return", "set",
    "macro", "test", "if", "elif", "for", "in", "load_relation", "run_query", "caller",
}  # fmt: skip
# Syntax that only DuckDB has, or that means something else elsewhere.
PRIVATE_SYNTAX = {
    "a :: cast": r"::",
    "qualify": r"\bqualify\b",
    "a star with exclude or replace": r"\*\s*(exclude|replace|except|rename)\b",
    "columns(...)": r"\bcolumns\(",
    "asof join": r"\basof\b",
    "positional join": r"\bpositional\b",
    "group by all or order by all": r"\bby\s+all\b",
    "distinct on": r"\bdistinct\s+on\b",
    "filter on an aggregate": r"\bfilter\s*\(",
    "a list or map literal": r"(?<![\w'\"\]])\[\s*\d|\bmap\s*\{",
    "pivot or unpivot": r"\b(un)?pivot\b",
    "interval": r"\binterval\b",
    "using sample": r"\busing\s+sample\b",
    "ilike": r"\bilike\b",
    "a type of one engine": r"\b(hugeint|u?tinyint|ubigint|uinteger|varchar|text|timestamptz|json|struct)\b",
}

LINES = 120
# Longer than the rest, each for a reason; the number is the most it may have.
LONG_FILES = {
    "models/core/identity/int_identity__states.sql": (
        148,
        "who had to do with whom, when that changed and what was known then are one question, asked once",
    ),
    "models/intermediate/activity/int_member_totals.sql": (
        144,
        "what everything adds to a member's totals stands side by side, and is cut at the same days",
    ),
    "models/intermediate/churn/int_backtest__histograms.sql": (
        149,
        "every method on the same members and dates; apart, nobody could say that they are the same",
    ),
}

# Numbers that mean nothing by themselves: emptiness, one step, the first, a sign.
PLAIN_NUMBERS = {"0", "1"}
# Numbers that are part of a mechanism; the reason says why no seed holds them.
NUMBERS_WITH_A_REASON = {
    ("macros/churn_sentence.sql", "100"): "percent",
    ("macros/wilson_bound.sql", "2"): "the halves of Wilson's formula",
    ("macros/wilson_bound.sql", "4"): "the quarters of Wilson's formula",
    ("macros/purchase_moments.sql", "2"): "powers and halves of the moments",
    ("macros/purchase_moments.sql", "3"): "a third of a series",
    ("macros/purchase_moments.sql", "0.001"): "below it two terms of the series are exact to a millionth",
    ("macros/tag_bits.sql", "2"): "powers of two, one for each bit",
    ("models/marts/value/member_expected_margin.sql", "2"): "squares, and second moments",
    (
        "macros/unanswered_touches.sql",
        "2",
    ): "as far back as the fold looks; seeds.yml keeps the tiers' demand at 0 to 2",
}


def clock_readings(file):
    """Where a file asks what time it is or for chance."""
    return [f"{file.path}: {found.group(0)}" for found in CLOCK.finditer(file.sql)]


def private_parts(file, macros=frozenset()):
    """Functions and syntax of one engine outside ``macros/engine``."""
    if file.path.startswith("macros/engine/"):
        return
    known = PORTABLE_FUNCTIONS | KEYWORDS | JINJA | macros
    for found in re.finditer(r"(?<![\w.])([a-z_]\w*)\s*\(", file.sql):
        name = found.group(1)
        if name not in known and not _is_defined_here(name, file.sql):
            yield f"{file.path}: {name}() is not known to be portable; give it a macro in macros/engine"
    for what, pattern in PRIVATE_SYNTAX.items():
        if re.search(pattern, file.sql):
            yield f"{file.path}: {what}"


def _is_defined_here(name, sql):
    return re.search(rf"\b(macro|test) {name}\(", sql) is not None


def lines_of_sql(file):
    """Lines that are neither empty nor only comment."""
    return sum(1 for line in file.sql.splitlines() if line.strip())


def length_faults(file, long_files=LONG_FILES):
    """A model or macro that nobody can take in at once."""
    most = long_files.get(file.path, (LINES, ""))[0]
    if lines_of_sql(file) > most:
        yield f"{file.path} has {lines_of_sql(file)} lines of SQL, {most} are the most; split it at a name"


def short_aliases(file):
    """Relations and columns of one letter."""
    pattern = r"\bas ([a-z])\b|(?<![\w}])([a-z]) as \(|(?<![\w}])([a-z])\.[a-z_]"
    return [f"{file.path}: {found.group(0)}" for found in re.finditer(pattern, file.sql)]


def meaningful_numbers(file):
    """Numbers in marts, and in the macros marts are made of, that belong into a seed."""
    if not file.path.startswith(("models/marts/", "models/serving/", "macros/")):
        return
    if file.path.startswith("macros/engine/"):
        return
    sql = re.sub(r"decimal\(\d+, ?\d+\)", "", file.sql)
    for found in re.finditer(r"(?<![\w.])\d+(\.\d+)?(?!\w)", sql):
        number = found.group(0)
        if number not in PLAIN_NUMBERS and (file.path, number) not in NUMBERS_WITH_A_REASON:
            yield f"{file.path}: {number}; a number with a meaning is a row under seeds/"


def portability_faults(name, sql):
    """What sqlglot cannot say in Spark's words: a coarse net, behind the list of portable functions."""
    # Where a source's files lie is the profile's business; each engine has its own way to say it.
    sql = re.sub(r"read_parquet\([^()]*\([^()]*\)[^()]*\)", "delivered", sql)
    try:
        sqlglot.transpile(sql, read="duckdb", write="spark", unsupported_level=ErrorLevel.RAISE)
    except sqlglot.errors.SqlglotError as error:
        yield f"{name}: {error}"


@pytest.fixture(scope="module")
def macros(manifest):
    """Names of the project's own macros; generic tests are called by dbt only."""
    return frozenset(macro.name for macro in manifest.macros.values() if macro.package_name == "rekindle")


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """Every model's SQL as DuckDB gets it. Compiling opens an empty warehouse and reads nothing."""
    home = Home(tmp_path_factory.mktemp("compiled"))
    folder = home.development_warehouse.parent
    folder.mkdir(parents=True)
    invoke_dbt(
        ["compile", "--select", "resource_type:model", "--write-json"],
        home=home,
        warehouse=home.development_warehouse,
        target_path=folder / "target",
    )
    nodes = json.loads((folder / "target" / "manifest.json").read_text(encoding="utf-8"))["nodes"]
    return {
        node["name"]: node["compiled_code"] for node in nodes.values() if node["resource_type"] == "model"
    }


def test_no_sql_reads_the_clock(sql_files):
    assert [found for file in sql_files for found in clock_readings(file)] == []


@pytest.mark.parametrize(
    "planted",
    [
        "where bought_on < current_date",
        "select now() as seen_at",
        "'{{ run_started_at }}'",
        "order by random()",
    ],
)
def test_a_clock_or_a_dice_in_sql_is_found(planted):
    assert clock_readings(SqlFile("macros/x.sql", planted))
    assert not clock_readings(SqlFile("macros/x.sql", f"-- {planted}"))


def test_sql_speaks_no_engine_of_its_own(sql_files, macros):
    assert [found for file in sql_files for found in private_parts(file, macros)] == []


@pytest.mark.parametrize(
    "planted",
    [
        "date_diff('day', a, b)",
        "date_trunc('month', a)",
        "arg_max(a, b)",
        "ntile(5) over (order by a)",
        "median(a)",
        "mode(a)",
        "quantile_cont(a, 0.5)",
        "try_cast(a as integer)",
        "strftime(a, '%Y')",
        "epoch(a)",
        "unnest(a)",
        "list_transform(a, b)",
        "struct_pack(a)",
        "hash(a)",
        "md5_number(a)",
        "regexp_matches(a, b)",
        "{{ money('round_even(a, 2)') }}",
        "a::date",
        "select * exclude (a) from b",
        "select a, count(*) as b from c group by all",
        "select a from b qualify a = 1",
        "select a from b asof join c on b.i >= c.i",
        "sum(a) filter (where b)",
        "select [1, 2] as a",
        "a + interval 1 day",
        "cast(a as varchar)",
    ],
)
def test_an_engine_of_its_own_is_found(planted):
    assert list(private_parts(SqlFile("models/marts/x.sql", planted), frozenset({"money"})))
    assert not list(private_parts(SqlFile("macros/engine/x.sql", planted)))


def test_the_projects_macros_and_dbts_are_no_engine(macros):
    planted = (
        "{{ days_between('a', 'b') }}, {{ dbt.date_trunc('month', 'a') }}, cast(a as {{ dbt.type_string() }})"
    )
    assert list(private_parts(SqlFile("models/marts/x.sql", planted), macros)) == []


def test_every_model_can_be_said_in_sparks_words(compiled):
    assert len(compiled) > 80
    assert [found for name, sql in compiled.items() for found in portability_faults(name, sql)] == []


def test_sql_that_spark_cannot_say_is_found():
    assert list(portability_faults("planted", "select arg_max(a, b, 3) from c"))
    assert list(portability_faults("planted", "select (a from b"))


def test_sql_stays_short(sql_files):
    assert [found for file in sql_files for found in length_faults(file)] == []


def test_a_long_model_is_found_and_comments_do_not_count():
    rows = "\n".join(["select 1", *["union all select 1"] * LINES])
    assert list(length_faults(SqlFile("models/x.sql", rows)))
    assert not list(length_faults(SqlFile("models/x.sql", "-- why\n" * LINES + "select 1")))
    assert not list(length_faults(SqlFile("models/x.sql", rows), {"models/x.sql": (LINES + 1, "planted")}))


def test_every_exception_is_still_needed(sql_files):
    lengths = {file.path: lines_of_sql(file) for file in sql_files}
    assert [path for path in LONG_FILES if lengths.get(path, 0) <= LINES] == []
    texts = {file.path: file.sql for file in sql_files}
    for path, number in NUMBERS_WITH_A_REASON:
        assert re.search(rf"\b{number}\b", texts[path])


def test_aliases_say_something(sql_files):
    assert [found for file in sql_files for found in short_aliases(file)] == []


@pytest.mark.parametrize("planted", ["from orders as o", "with a as (select", "select o.net_amount"])
def test_an_alias_of_one_letter_is_found(planted):
    assert short_aliases(SqlFile("models/x.sql", planted))


def test_marts_hold_no_number_with_a_meaning(sql_files):
    assert [found for file in sql_files for found in meaningful_numbers(file)] == []


@pytest.mark.parametrize(
    "planted", ["where days_silent > 30", "a * 0.15 as b", "when '2' = b then 3", "a + -7"]
)
def test_a_number_with_a_meaning_is_found(planted):
    assert list(meaningful_numbers(SqlFile("models/marts/x.sql", planted)))
    assert list(meaningful_numbers(SqlFile("macros/x.sql", planted)))


def test_plain_numbers_and_precisions_are_no_definitions():
    assert not list(
        meaningful_numbers(SqlFile("models/marts/x.sql", "cast(a - 1 as decimal(18, 2)) > 0 and net_90d = 1"))
    )
