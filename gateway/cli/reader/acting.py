"""What the commands of ``reader`` share: whom they mean, who types, and an act that is folded at once."""

from __future__ import annotations

import os
import pwd
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.options import policy_of

if TYPE_CHECKING:
    from gateway.config import Settings
    from gateway.model.entry import Draft
    from gateway.model.reader import Reader
    from gateway.stores.engine import Store

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The account's address.")]
Who = Annotated[str, typer.Argument(metavar="EMAIL|ID", help="The account's address, or its id.")]
Reason = Annotated[str, typer.Option(metavar="TEXT", help="Why; it stands in the ledger.")]
Account = Annotated[
    str, typer.Option("--id", metavar="ID", help="Which account, where several have the address.")
]


async def act(settings: Settings, store: Store, reader: Reader, made: Draft) -> None:
    """Append, note who did it, and fold, unless the running gateway is quicker."""
    from gateway.stores.ledger import Ledger

    await Ledger(store).append([made], now=now())
    what = f"{reader.id} {made.customer_id or made.facts.get('tier', '')}".strip()
    await note(store, str(made.kind), what)
    await fold(settings, store)


async def fold(settings: Settings, store: Store) -> None:
    from gateway.clock import SystemClock
    from gateway.ops import logs
    from gateway.wiring.money import folding

    with logs.hushed():
        await folding(settings, store=store, clock=SystemClock()).fold_due()


async def note(store: Store, what: str, about: str) -> None:
    from gateway.stores.audit import Audit

    await Audit(store).note(who=operator(), act=what, what=about, now=now())


async def accounts(store: Store, email: str) -> tuple[Reader, ...]:
    from gateway.stores.readers import readers_with

    found = await readers_with(store, email.strip())
    if not found:
        raise typer.BadParameter(f"no account has the address {email}", param_hint="EMAIL")
    return found


async def one(store: Store, who: str, account: str = "") -> Reader:
    """``who`` is an address that one account has proved, or an account's id. Whoever merely claims an
    address isn't meant by it, unless ``account`` says so."""
    from gateway.stores.readers import proved_by, reader_called

    if "@" not in who:
        called = await reader_called(store, who.strip())
        if called is None:
            raise typer.BadParameter(f"no account is called {who}", param_hint="EMAIL|ID")
        return called
    found = await accounts(store, who)
    proved = await proved_by(store, who.strip())
    named = [each for each in found if (each.id == account if account else each.id in proved)]
    if len(named) != 1:
        listed = ", ".join(
            each.id if each.id in proved else f"{each.id} (not verified)" for each in found
        )
        raise typer.BadParameter(
            f"say which account of {who} is meant: {listed}", param_hint="--id"
        )
    return named[0]


def tiers(settings: Settings) -> frozenset[str]:
    """Those that a plan or a rule names."""
    planned = {tier for plan in settings.plan for tier in plan.tiers}
    rules = policy_of(settings).rules
    ruled = {tier for rule in rules if rule.access is not None for tier in rule.access.tiers}
    return frozenset(planned | ruled)


def why(reason: str) -> str:
    if not reason.strip():
        raise typer.BadParameter("say why", param_hint="--reason")
    return reason.strip()


def operator() -> str:
    return pwd.getpwuid(os.getuid()).pw_name


def now() -> float:
    from gateway.clock import SystemClock

    return SystemClock().now()


@contextmanager
def bar(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar on a terminal, and nothing elsewhere."""
    if not sys.stderr.isatty() or not total:
        yield lambda done: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(what, total=total)
        yield lambda done: shown.advance(task, done)
