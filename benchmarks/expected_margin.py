"""How often what came was within the interval of expected margin: walk-forward, on an engineer's build.

Belongs here: comparing past rows of `member_expected_margin` with the orders after them, and printing it.
Does not: expectation and interval (models/marts/value), assertions (tests/e2e/test_expected_margin.py).

Usage, after a `dbt build` of your own, which keeps past dates: python -m benchmarks.expected_margin var/real
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import duckdb
import typer

from orchestration.project import Home

# Every as-of date whose horizon is over. Members with an unknown margin in the window are left out of margin.
CAME = """
    with movements as (
        select member_key, ordered_on as moved_on, net_amount, margin_amount
        from core.fct_order where is_purchase and member_key is not null
        union all
        select member_key, refunded_on, -refunded_amount, -refunded_margin_amount
        from core.fct_refund where member_key is not null
    ),
    expected as (
        select member_key, as_of_date, basis, as_of_date + {horizon} as until,
            expected_margin_{horizon}d as expected,
            expected_margin_low_{horizon}d as low, expected_margin_high_{horizon}d as high
        from marts.member_expected_margin
        where as_of_date + {horizon} <= (select max(as_of_date) from marts.member_expected_margin)
    ),
    held as (
        select expected.*,
            greatest(coalesce(sum(if(basis = 'margin', margin_amount, net_amount)), 0), 0) as came
        from expected
        left join movements
            on expected.member_key = movements.member_key
            and moved_on > as_of_date and moved_on <= until
        group by all
        having basis = 'net_amount' or count(moved_on) = count(margin_amount)
    )
    select basis, count(distinct as_of_date), min(as_of_date), max(as_of_date), count(*),
        avg(cast(came between low and high as integer)),
        avg(cast(came < low as integer)), avg(cast(came > high as integer)),
        avg(cast(came between low and high as integer)) filter (low > 0),
        count(*) filter (low > 0) / count(*), sum(expected) / sum(came)
    from held group by basis order by basis
"""
HEAD = [
    "basis", "days", "as-of dates", "members times dates", "inside", "below", "above",
    "inside, with a lower bound", "expected in all / came",
]  # fmt: skip


def main(
    home: Annotated[Path, typer.Argument(help="Folder of one business's data, built by `dbt build`.")],
    horizons: Annotated[
        list[int] | None, typer.Option("--days", help="Horizons; default 90 and 180.")
    ] = None,
) -> None:
    """Print the table for docs/value.md."""
    typer.echo(f"| {' | '.join(HEAD)} |\n|{' --- |' * len(HEAD)}")
    with duckdb.connect(str(Home(home).development_warehouse), read_only=True) as warehouse:
        for horizon in horizons or [90, 180]:
            for basis, dates, first, last, rows, *shares in warehouse.execute(
                CAME.format(horizon=horizon)
            ).fetchall():
                inside, below, above, bounded, with_bound, ratio = shares
                cells = [
                    basis, f"{horizon}", f"{dates}: {first} to {last}", f"{rows:,}", f"{inside:.1%}",
                    f"{below:.1%}", f"{above:.1%}", f"{bounded:.1%} of {with_bound:.0%}", f"{ratio:.2f}",
                ]  # fmt: skip
                typer.echo(f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    typer.run(main)
