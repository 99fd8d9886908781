"""Commands on the ledger: prove its chain, rebuild what readers hold, write it out.

They read; only ``replay --mend`` changes what readers hold, and nothing changes the ledger.
"""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.options import DEFAULT, Config, settings_of
from gateway.cli.store import with_store

if TYPE_CHECKING:
    from gateway.model.entitlement import Entitlement
    from gateway.stores.engine import Store


app = typer.Typer(
    help="Prove, replay and export the ledger of every money event.", no_args_is_help=True
)


class Form(StrEnum):
    JSONL = "jsonl"
    CSV = "csv"


@app.callback()
def _root() -> None:
    pass


@app.command(short_help="Prove that every entry is as it was written.")
def verify(
    head: Annotated[
        str,
        typer.Option(
            metavar="N:HASH", help="A head that was logged: finds a tail that was cut off since."
        ),
    ] = "",
    config: Config = DEFAULT,
) -> None:
    """Prove that every entry is as it was written; exit 1 where one isn't."""
    from gateway.money import proof
    from gateway.stores.ledger import Ledger

    known = proof.head_of(head) if head else None
    if head and known is None:
        raise typer.BadParameter("a head is N:HASH, as `verify` prints it", param_hint="--head")
    found = with_store(settings_of(config), lambda store: proof.verify(Ledger(store), head=known))
    for fault in found.faults:
        typer.echo(fault, err=True)
    typer.echo(f"{found.entries} entries, head {found.head}")
    if found.faults:
        raise typer.Exit(1)


@app.command(short_help="Rebuild what every reader holds, and show what differs.")
def replay(
    mend: Annotated[
        bool, typer.Option("--mend", help="Also write what the ledger says where it differs.")
    ] = False,
    config: Config = DEFAULT,
) -> None:
    """Rebuild what every reader holds from nothing; exit 1 where it differs from what is held, or
    where an entry can't be folded."""
    from gateway.clock import SystemClock
    from gateway.money.project import Projector
    from gateway.stores.books import Books
    from gateway.stores.holdings import Holdings
    from gateway.stores.ledger import Ledger
    from gateway.stores.ledger_work import LedgerWork

    failed: list[tuple[int, str]] = []
    differences = with_store(
        settings_of(config),
        lambda store: Projector(
            ledger=Ledger(store),
            work=LedgerWork(store),
            holdings=Holdings(store),
            clock=SystemClock(),
            books=Books(store),
        ).replay(mend=mend, failed=failed),
    )
    for each in differences:
        typer.echo(
            f"{each.reader}: held {_listed(each.held)}; the ledger says {_listed(each.said)}"
        )
    for number, why in failed:
        typer.echo(f"entry {number} can't be folded: {why}", err=True)
    count = len(differences)
    if failed and not count:
        raise typer.Exit(1)
    if not count:
        typer.echo("Every reader holds what the ledger says.")
    else:
        typer.echo(f"{count} {'reader differs' if count == 1 else 'readers differ'}", err=True)
        raise typer.Exit(0 if mend and not failed else 1)


@app.command()
def export(
    form: Annotated[Form, typer.Option("--format", help="JSON lines, or CSV.")] = Form.JSONL,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to write; standard output.")
    ] = None,
    config: Config = DEFAULT,
) -> None:
    """Write the whole ledger out. It names no person: payloads aren't part of it."""
    from gateway.money import proof
    from gateway.stores.ledger import Ledger

    async def write(store: Store) -> None:
        lines = proof.export(Ledger(store), form=form.value)
        if output is None:
            async for line in lines:
                sys.stdout.write(line)
            return
        with output.open("w", encoding="utf-8", newline="") as file:
            async for line in lines:
                file.write(line)

    with_store(settings_of(config), write)


def _listed(entitlements: tuple[Entitlement, ...]) -> str:
    from datetime import UTC, datetime

    words = []
    for each in entitlements:
        ends = datetime.fromtimestamp(each.ends_at, UTC).isoformat(timespec="minutes")
        words.append(f"{each.tier} {'until ' + ends if each.ends_at else 'on hold'}")
    return ", ".join(words) or "nothing"
