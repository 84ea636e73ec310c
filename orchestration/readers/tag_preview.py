"""What changed tag definitions would do to the members of the published version, before they are merged.

Belongs here: having dbt run the models that evaluate tags, in a file of their own, on changed definitions
and known attributes; counting who gains and who loses.
Does not: how a rule is evaluated (the dbt models do), faults of definitions (core).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb

from orchestration.core.definition_rows import refuse
from orchestration.core.errors import RekindleError
from orchestration.definitions_files.seeds import faults_of, files_of
from orchestration.files import exact_path
from orchestration.project import WAREHOUSE_FILE_NAME, Home
from orchestration.warehouse.connections import quoted
from orchestration.warehouse.dbt import invoke_dbt, parsed_project
from orchestration.warehouse.versions import connect_published

MODELS = ("dim_tag_path", "fct_tag_conflict", "fct_member_tag")
SEEDS = ("attributes", "tag_operators", "tag_rules", "tag_conflicts", "tags")
"""In the order in which one may need the other."""

_MOVED = """
    with before as (select member_key, tag from published.marts.fct_member_tag where as_of_date = $day),
    after as (select member_key, tag from rekindle.marts.fct_member_tag),
    counted as (
        select
            coalesce(before.tag, after.tag) as tag,
            count(before.tag) as before,
            count(after.tag) as after,
            count(*) filter (before.tag is null) as gained,
            count(*) filter (after.tag is null) as lost
        from before full join after using (member_key, tag)
        group by 1
    ),
    known as (
        select
            coalesce(definition.tag, dim_tag.tag) as tag,
            definition.lowest_expected_share as lowest,
            definition.highest_expected_share as highest,
            definition.tag is not null as is_defined,
            dim_tag.tag is not null as was_defined,
            coalesce(
                row(definition.valid_from, definition.valid_to, lowest, highest)
                is distinct from row(dim_tag.starts_on, dim_tag.ends_on,
                    dim_tag.lowest_expected_share, dim_tag.highest_expected_share), true
            ) or definition.tag in (
                select tag from (
                    (select {path} from rekindle.marts.dim_tag_path
                    except select {path} from published.marts.dim_tag_path)
                    union all
                    (select {path} from published.marts.dim_tag_path
                    except select {path} from rekindle.marts.dim_tag_path)
                )
            ) as is_changed
        from (from rekindle.seeds.tags where subject = 'member') as definition
        full join (from published.marts.dim_tag where subject = 'member') as dim_tag using (tag)
    )
    select
        tag, is_defined, was_defined, is_changed, lowest, highest,
        coalesce(before, 0), coalesce(after, 0), coalesce(gained, 0), coalesce(lost, 0)
    from known left join counted using (tag)
    order by tag
"""


@dataclass(frozen=True)
class Moved:
    """What happens to one tag.

    Attributes:
        tag: Its code.
        is_defined: The changed definitions have it.
        was_defined: The published version has it.
        is_changed: Its rule, its validity or its expected shares differ.
        lowest: Share of members at least expected to hold it.
        highest: Share of members at most expected to hold it.
        before: Members who hold it in the published version.
        after: Members who would hold it.
        gained: Those who would hold it and do not.
        lost: Those who hold it and would not.
    """

    tag: str
    is_defined: bool
    was_defined: bool
    is_changed: bool
    lowest: Decimal | None
    highest: Decimal | None
    before: int
    after: int
    gained: int
    lost: int


@dataclass(frozen=True)
class Preview:
    """What happens to all tags.

    Attributes:
        as_of_date: The published as-of date that was looked at.
        members: All members on it.
        tags: Every tag that is or was defined.
    """

    as_of_date: date
    members: int
    tags: Sequence[Moved]


def published_day(home: Home) -> date:
    """The newest as-of date that has published attributes.

    Raises:
        RekindleError: There is none.
        NoSuchVersion: Nothing is published.
    """
    with closing(connect_published(home)) as connection:
        try:
            query = "select max(as_of_date) from marts.member_attributes"
            [(day,)] = connection.execute(query).fetchall()
        except duckdb.CatalogException:
            day = None
    if day is None:
        raise RekindleError("The published version has no member attributes. Type: rekindle run")
    return day


def preview(home: Home, seeds: Path, day: date) -> Preview:
    """Evaluate definitions for a published as-of date; nothing on disk changes.

    Args:
        home: Whose published version to look at.
        seeds: Folder of faultless tag definitions.
        day: The as-of date.

    Raises:
        InputFault: A file that dbt reads for it is not as declared.
        RekindleError: A rule needs a column that the published attributes lack.
    """
    refuse(faults_of(SEEDS, files_of() | {seed: seeds / f"{seed}.csv" for seed in SEEDS}), "tag")
    with tempfile.TemporaryDirectory(prefix="rekindle-preview-") as folder:
        warehouse = Path(folder) / WAREHOUSE_FILE_NAME
        with _opened(warehouse, home) as connection:
            _provide_seeds(connection, seeds)
            _provide_attributes(connection, day)
        invoke_dbt(
            ["run", "--select", *MODELS],
            home=home,
            warehouse=warehouse,
            target_path=Path(folder) / "target",
        )
        with _opened(warehouse, home) as connection:
            return Preview(day, *_moved(connection, day))


@contextmanager
def _opened(warehouse: Path, home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """The preview's own file, with the published one beside it."""
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(f"attach {quoted(home.published_file.resolve())} as published (read_only)")
        yield connection


def _provide_seeds(connection: duckdb.DuckDBPyConnection, seeds: Path) -> None:
    """The changed definitions, typed as the project declares them."""
    nodes = parsed_project().nodes
    connection.execute("create schema seeds; create schema marts")
    for seed in SEEDS:
        connection.read_csv(
            exact_path(seeds / f"{seed}.csv"), header=True,
            columns=nodes[f"seed.rekindle.{seed}"].config.column_types,
            auto_detect=False, sep=",", quotechar='"', escapechar='"',
        ).create(f"seeds.{seed}")  # fmt: skip


def _moved(connection: duckdb.DuckDBPyConnection, day: date) -> tuple[int, list[Moved]]:
    """All members, and what happens to each tag."""
    # By name: dbt puts the columns of a table into the contract's order.
    described = connection.execute("describe published.marts.dim_tag_path").fetchall()
    path = ", ".join(name for name, *_ in described)
    moved = connection.execute(_MOVED.format(path=path), {"day": day}).fetchall()
    [(members,)] = connection.execute("select count(*) from rekindle.marts.member_attributes").fetchall()
    return members, [Moved(*row) for row in moved]


def _provide_attributes(connection: duckdb.DuckDBPyConnection, day: date) -> None:
    """The published attributes of one date; a column added since then is empty, if no rule looks at it."""
    columns = parsed_project().nodes["model.rekindle.member_attributes"].columns.values()
    types = {column.name: column.data_type for column in columns}
    described = connection.execute("describe published.marts.member_attributes").fetchall()
    missing = types.keys() - {name for name, *_ in described}
    needed = connection.execute(
        "select attribute from rekindle.seeds.tag_rules inner join rekindle.seeds.tags using (tag) "
        "where subject = 'member'"
    ).fetchall()
    lacking = sorted(missing & {name for (name,) in needed})
    if lacking:
        raise RekindleError(
            f"The published version of {day} has no attribute {', '.join(lacking)}, which rules look at. "
            "Type: rekindle run, then preview again."
        )
    added = "".join(f", cast(null as {types[name]}) as {name}" for name in sorted(missing))
    connection.execute(
        f"create table rekindle.marts.member_attributes as select *{added} "
        f"from published.marts.member_attributes where as_of_date = date '{day}'"
    )
