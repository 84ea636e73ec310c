"""The command `rekindle erase`.

Belongs here: reading who is meant, keeping the request, saying what comes next.
Does not: erasing (orchestration.erasing.people), printing who is meant.
Late imports: a command loads what it needs, so that the others start at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.core.errors import InputFault
from orchestration.core.summary import counted
from orchestration.definitions_files.rows import read_rows
from orchestration.project import STAGING_DIR, Home

if TYPE_CHECKING:
    from orchestration.warehouse.erasures import Request

_IDENTIFIERS = ("phone", "email", "union_id", "card")


def erase(
    system: Annotated[str, typer.Option(help="System of the member record.")] = "",
    member: Annotated[str, typer.Option(help="Number of the record in its system.")] = "",
    phone: Annotated[str, typer.Option(help="Phone number of the person.")] = "",
    email: Annotated[str, typer.Option(help="E-mail address of the person.")] = "",
    union_id: Annotated[str, typer.Option(help="WeChat union id of the person.")] = "",
    card: Annotated[str, typer.Option(help="Card number of the person.")] = "",
    source: Annotated[str, typer.Option(help="Source the record was delivered by.")] = "chain",
    withdraw: Annotated[
        bool, typer.Option("--withdraw", help="Drop the requests that could not tell who is meant.")
    ] = False,
    requests: Annotated[
        Path | None,
        typer.Option("--from", exists=True, dir_okay=False, help="CSV with such columns, a person a row."),
    ] = None,
    unsearched: Annotated[
        str, typer.Option("--give-up", help="File that an erasure could not search and need not wait for.")
    ] = "",
    reason: Annotated[str, typer.Option(help="Why a file is given up; it is kept.")] = "",
) -> None:
    """Ask that a person be erased; the next `rekindle run` does it, in every file of the home.

    Example: `rekindle erase --system pos --member 1001` or `rekindle erase --from requests.csv`
    """
    from orchestration.warehouse.erasures import ask, give_up, open_requests
    from orchestration.warehouse.erasures import withdraw as withdraw_faulty
    from orchestration.warehouse.lock import hold_build_lock

    home = Home.from_environment()
    if unsearched:
        with hold_build_lock(home, "giving up a file of an erasure"):
            give_up(home, unsearched, reason)
        typer.echo(f"{unsearched} was given up; its reason is kept. Next: rekindle run")
        return
    if withdraw:
        withdrawn = counted(withdraw_faulty(home), "request")
        typer.echo(f"{withdrawn} withdrawn; open: {len(open_requests(home)):,}.")
        return
    named = {
        "system": system, "member_id": member, "phone": phone, "email": email, "union_id": union_id,
        "card": card,
    }  # fmt: skip
    asked = [named] if requests is None else _rows(requests)
    # All are read before one is kept: a list with a fault is corrected and handed over whole.
    for request in [_request(home, source, row) for row in asked]:
        ask(home, request)
    typer.echo(
        f"{counted(len(asked), 'person')} to be erased; open requests: {len(open_requests(home)):,}.\n"
        "Next: rekindle run. Until it is done nothing is exported."
    )


def _rows(file: Path) -> list[dict[str, str]]:
    rows = [row.values for row in read_rows(file)]
    known = {"system", "member_id", *_IDENTIFIERS}
    if not rows or not known.intersection(rows[0]):
        raise InputFault(f"{file} names nobody; it needs rows and columns of {', '.join(sorted(known))}")
    return rows


def _request(home: Home, source: str, row: dict[str, str]) -> Request:
    from orchestration.core.folding import folded, identifier
    from orchestration.core.pseudonyms import ContactRules, pseudonym
    from orchestration.loader.contracts import read_contracts
    from orchestration.loader.secret import read_secret
    from orchestration.warehouse.erasures import Request

    contracts = read_contracts(STAGING_DIR, home)
    if source not in contracts:
        raise InputFault(f"there is no source {source}; known: {', '.join(sorted(contracts))}")
    given = {name: folded(row.get(name) or "") for name in ("system", "member_id", *_IDENTIFIERS)}
    tables = contracts[source].tables
    kinds = [kind for kind in _IDENTIFIERS if given[kind]]
    if given["system"] and given["member_id"] and not kinds:
        case = tables[0].settings.id_case
        return Request(source, given["system"], identifier(given["member_id"], case) or "")
    if len(kinds) != 1 or given["system"] or given["member_id"]:
        raise InputFault(
            "a request names one record (--system and --member) or one identifier (--phone, --email, "
            "--union-id or --card); nothing was kept"
        )
    secret = read_secret(home)
    hashed = pseudonym(secret.value, kinds[0], given[kinds[0]], ContactRules(tables[0].settings.country))
    if hashed is None:
        raise InputFault(f"this {kinds[0]} has nothing in it that could be one; nothing was kept")
    return Request(source, kind=kinds[0], pseudonym=hashed, secret=secret.fingerprint)
