"""Commands that write to the store: ``migrate``, and ``open`` for a story that all may read.

An absent SQLite file is made; any other old or absent schema is refused with the command to run.
"""

from __future__ import annotations

import asyncio
import os
import pwd
import re
from collections.abc import Awaitable, Callable
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, TypeVar
from zoneinfo import ZoneInfo

import typer

from gateway.cli.options import DEFAULT, Config, settings_of

if TYPE_CHECKING:
    from gateway.config import Settings
    from gateway.stores.engine import Store

Result = TypeVar("Result")
_SPAN = re.compile(r"(\d{1,4})\s*([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def migrate(config: Config = DEFAULT) -> None:
    """Bring the store to this version's schema."""
    from gateway.stores.first import make_if_absent
    from gateway.stores.migrating import State, schema_state
    from gateway.stores.migrating import migrate as run

    url = settings_of(config).store.url.get_secret_value()
    match schema_state(url):
        case State.CURRENT:
            typer.echo("The store is current.")
        case State.NEWER:
            make_if_absent(url)  # it says what to do instead
        case State.ABSENT | State.OLD:
            run(url)
            typer.echo("The store was migrated.")


def ready_store(settings: Settings) -> str:
    """The store's URL, once its schema is this version's. Raises Faults and StoreUnavailable."""
    from gateway.stores.first import make_if_absent

    url = settings.store.url.get_secret_value()
    make_if_absent(url)
    return url


def with_store(settings: Settings, work: Callable[[Store], Awaitable[Result]]) -> Result:
    """What ``work`` makes of the store, opened for it alone. Raises as ``ready_store``."""
    from gateway.stores.engine import Store

    url = ready_store(settings)

    async def main() -> Result:
        store = Store(url)
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(main())


def open_story(
    url: Annotated[str, typer.Argument(metavar="URL|all", help="A page's URL or path, or `all`.")],
    until: Annotated[
        str,
        typer.Option(
            metavar="TIME",
            help="2026-11-24T18:00 or 2026-11-24 (its end), or 90m, 12h, 2d; `now` closes it again.",
        ),
    ],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; it stands in the audit log.")],
    config: Config = DEFAULT,
) -> None:
    """Open a story, or all of them, to everyone for a while, and close it again."""
    from gateway.clock import SystemClock
    from gateway.model.opening import Opening
    from gateway.stores.openings import Openings

    settings = settings_of(config)
    now = SystemClock().now()
    zone = ZoneInfo(settings.site.timezone)
    closing = until.strip() == "now"
    ends = now if closing else instant(until, now=now, zone=zone)
    if not reason.strip():
        raise typer.BadParameter("say why", param_hint="--reason")
    path = "" if url == "all" else canonical_path_of(url, settings)
    opening = Opening(path, ends, reason.strip(), pwd.getpwuid(os.getuid()).pw_name)
    if closing:
        ended = with_store(settings, lambda store: Openings(store).close(opening, now=now))
        what = "What was opened as a whole" if not path else f"What was opened of {path}"
        typer.echo(f"{what} is closed again." if ended else "Nothing of it was open by hand.")
        raise typer.Exit(0 if ended else 1)
    with_store(settings, lambda store: Openings(store).open(opening, now=now))
    shown = datetime.fromtimestamp(ends, zone).isoformat(sep=" ", timespec="minutes")
    typer.echo(f"{'All pages are' if not path else f'{path} is'} open to everyone until {shown}.")


def instant(text: str, *, now: float, zone: ZoneInfo) -> float:
    """Seconds since the epoch of a moment to come. Raises BadParameter."""
    span = _SPAN.fullmatch(text.strip())
    try:
        if span:
            moment = now + timedelta(**{_UNITS[span[2]]: int(span[1])}).total_seconds()
        elif len(text.strip()) == 10:
            day = datetime.fromisoformat(text.strip()).date()
            moment = datetime.combine(day + timedelta(days=1), time(), zone).timestamp()
        else:
            written = datetime.fromisoformat(text.strip())
            aware = written if written.tzinfo is not None else written.replace(tzinfo=zone)
            moment = aware.timestamp()
    except (ValueError, OverflowError):
        raise typer.BadParameter(
            f"`{text}` is no moment: use 2026-11-24T18:00, 2026-11-24 or 12h", param_hint="--until"
        ) from None
    if moment <= now:
        raise typer.BadParameter(f"`{text}` is over already", param_hint="--until")
    return moment


def canonical_path_of(url: str, settings: Settings) -> str:
    """The path that the gateway judges, of a URL of this site as typed. Raises RequestRefused."""
    from gateway.console.address import canonical

    return canonical(url, site_url=settings.site.url)
