"""Erasing a reader, on their own wish or by law: for good, and only once nothing is paid any more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.options import DEFAULT, Config, settings_of
from gateway.cli.reader import acting
from gateway.cli.reader.acting import Who, now
from gateway.cli.store import with_store

if TYPE_CHECKING:
    from gateway.config import Settings
    from gateway.stores.engine import Store

Sure = Annotated[bool, typer.Option("--yes", help="Don't ask whether you are sure.")]


def erase(who: Who, sure: Sure = False, config: Config = DEFAULT) -> None:
    """End what a reader pays at Stripe, then forget them: account, letters, and whatever Stripe said."""
    settings = settings_of(config)
    reader = with_store(settings, lambda store: acting.one(store, who))
    if not sure:
        typer.confirm(f"Erase {reader.email} ({reader.id}) for good?", abort=True)
    with_store(settings, lambda store: _forget(settings, store, reader.id))
    typer.echo(f"{reader.id} is erased.")


async def _forget(settings: Settings, store: Store, reader: str) -> None:
    """Raises StripeUnavailable and StripeRefused, and then nothing was erased."""
    from gateway.wiring.adopting import erasing_of
    from gateway.wiring.syncing import door_of

    door = door_of(settings) if settings.stripe is not None else None
    try:
        await erasing_of(store, door).forget(reader, by=acting.operator(), now=now())
    finally:
        if door is not None:
            await door.close()
    await acting.note(store, "erased", reader)
    await acting.fold(settings, store)
