"""How often the named cause of a silence is the one that was planted: confusion table, recall and precision.

Belongs here: comparing `member_silence_cause` with the truth of the sample chain, and printing it.
Does not: rules (seeds/lifecycle), assertions (tests/e2e/test_silence_causes.py).

Usage: python -m benchmarks.silence_causes --members 20000 --seed 11
"""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated

import duckdb
import typer

from benchmarks.whole_way import AS_OF, build
from orchestration.loader import load
from orchestration.loader.contracts import read_contracts
from orchestration.project import SEEDS_DIR, STAGING_DIR, Home
from orchestration.sources.sample import Lives, simulate

# Silent and churned members whose person dropped out before, or has a long cycle and did not drop out.
# Members whom identity made of two persons have two truths and are left out.
NAMED = """
    with persons_of_members as (
        select records.member_key, min(people.person) as person
        from core.int_identity__members as records
        join read_parquet($members) as people using (system, member_id)
        group by records.member_key
        having count(distinct people.person) = 1
    )
    select truth.cause_of_silence, named.silence_cause, count(*)
    from marts.member_silence_cause as named
    join persons_of_members using (member_key)
    join read_parquet($persons) as truth using (person)
    where named.as_of_date = $as_of and truth.cause_of_silence is not null
        and (truth.dropout_on < named.as_of_date or truth.dropout_on is null)
    group by all
"""


@dataclass(frozen=True)
class Confusion:
    """Members by planted and named cause."""

    members: Counter[tuple[str, str]]

    @property
    def planted(self) -> list[str]:
        """Every planted cause."""
        return sorted({planted for planted, _ in self.members})

    def recall(self, cause: str) -> float:
        """Share of those with the planted cause for whom it was named."""
        return self.members[cause, cause] / sum(
            n for (planted, _), n in self.members.items() if planted == cause
        )

    def precision(self, cause: str) -> float:
        """Share of those for whom the cause was named who have it planted."""
        named = sum(n for (_, told), n in self.members.items() if told == cause)
        return self.members[cause, cause] / named if named else 0.0

    def table(self) -> str:
        """A row per planted cause, a column per named one, as markdown."""
        causes = self.planted
        head = ["planted \\ named", *causes, "recall"]
        rows = [
            [
                f"`{cause}`",
                *(f"{self.members[cause, told]:,}" for told in causes),
                f"{self.recall(cause):.2f}",
            ]
            for cause in causes
        ]
        rows.append(["precision", *(f"{self.precision(cause):.2f}" for cause in causes), ""])
        lines = [head, ["---", *("---:" for _ in head[1:])], *rows]
        return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def confusion(warehouse: duckdb.DuckDBPyConnection, truth: Path, as_of: date) -> Confusion:
    """Planted against named causes at an as-of date.

    Args:
        warehouse: A built warehouse, intermediate included.
        truth: The sample's truth files.
        as_of: As-of date that was built.
    """
    rows = warehouse.execute(
        NAMED,
        {
            "members": str(truth / "member_records.parquet"),
            "persons": str(truth / "persons.parquet"),
            "as_of": as_of,
        },
    ).fetchall()
    return Confusion(Counter({(planted, named): members for planted, named, members in rows}))


def main(
    members: Annotated[int, typer.Option(help="People to simulate.")] = 20_000,
    seed: Annotated[int, typer.Option(help="Other than the seed the rules were looked at with.")] = 11,
) -> None:
    """Simulate, load, build one as-of date, and print the table for docs/silence.md."""
    with tempfile.TemporaryDirectory(prefix="rekindle-causes-") as folder:
        home, truth = Home(Path(folder) / "home"), Path(folder) / "truth"
        simulate(home.landing, truth, Lives(members, seed, AS_OF))
        load(home, read_contracts(STAGING_DIR), lambda _: None, seeds_dir=SEEDS_DIR)
        with duckdb.connect(str(build(home, 0).file), read_only=True) as warehouse:
            typer.echo(confusion(warehouse, truth, AS_OF).table())


if __name__ == "__main__":
    typer.run(main)
