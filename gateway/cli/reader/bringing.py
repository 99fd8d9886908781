"""Members of another system, from the file that it exports: supposed first, and done with ``--apply``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from gateway.cli.options import DEFAULT, Config, settings_of
from gateway.cli.reader import acting
from gateway.cli.reader.account import until_of
from gateway.cli.reader.acting import bar, now
from gateway.cli.store import with_store

if TYPE_CHECKING:
    from gateway.config import Settings
    from gateway.model.fault import Fault
    from gateway.model.imported import Row
    from gateway.money.arriving.importing import Change, Importing, Outlook
    from gateway.money.stripe_api.door import Door
    from gateway.stores.engine import Store

BYTES_MAX = 256 << 20
SHOWN_MAX = 20

File = Annotated[
    Path,
    typer.Argument(
        metavar="FILE.csv",
        help="Ghost's members, WooCommerce's subscriptions, or columns email,name,language,"
        "customer,tier,until.",
    ),
]


def bring(
    file: File,
    tier: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="What was given there opens this, where it has no name here."
        ),
    ] = None,
    named: Annotated[
        list[str] | None,
        typer.Option(
            "--named", metavar="NAME=TIER", help="A tier or product there is this tier here."
        ),
    ] = None,
    apply: Annotated[
        bool, typer.Option("--apply", help="Do it; otherwise it is a dry run.")
    ] = False,
    everyone: Annotated[bool, typer.Option("--all", help="List everyone who gains.")] = False,
    config: Config = DEFAULT,
) -> None:
    """Bring members of another system: who gains, who loses, who is unknown; then, with --apply, do it."""
    settings = settings_of(config)
    if apply and settings.mail is None:
        told = "[mail] isn't set up: nobody could prove an address, and enter"
        raise typer.BadParameter(told, param_hint="--apply")
    rows, faults = _read(settings, file, otherwise=tier or (), named=named or ())
    found = with_store(settings, lambda store: _suppose(settings, store, file, rows, apply=apply))
    _tell(found, faults, settings, file=file, everyone=everyone)
    if not apply:
        typer.echo("Nothing was changed: this was a dry run. With --apply it is done.")
    if faults or found.troubles:
        raise typer.Exit(1)


def _read(
    settings: Settings, file: Path, *, otherwise: Sequence[str], named: Sequence[str]
) -> tuple[list[Row], list[Fault]]:
    from gateway.errors import Faults
    from gateway.model.fault import Fault, Place
    from gateway.money.arriving.import_files import Reading

    known = acting.tiers(settings)
    tiers: dict[str, Sequence[str]] = {each.lower(): (each,) for each in known}
    for plan in settings.plan:
        names = (plan.id, *plan.name.values())
        tiers |= {each.lower(): plan.tiers for each in names if each.lower() not in tiers}
    for pair in named:
        name, mark, here = pair.rpartition("=")
        if not mark or here not in known:
            raise typer.BadParameter(f"`{pair}`: no plan or rule names it", param_hint="--named")
        tiers[name.strip().lower()] = (here,)
    for each in otherwise:
        if each not in known:
            raise typer.BadParameter(f"no plan or rule names `{each}`", param_hint="--tier")
    try:
        raw = file.read_bytes()
        if len(raw) > BYTES_MAX:
            raise Faults((Fault(Place(str(file)), f"larger than {BYTES_MAX} bytes"),))
        text = raw.decode("utf-8-sig")
    except OSError as error:
        raise Faults((Fault(Place(str(file)), error.strerror or "can't be read"),)) from None
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise Faults((Fault(Place(str(file), line, 1), "not UTF-8"),)) from None
    zone = ZoneInfo(settings.site.timezone)
    return Reading(tiers=tiers, otherwise=otherwise, zone=zone).rows(text, path=str(file))


async def _suppose(
    settings: Settings, store: Store, file: Path, rows: Sequence[Row], *, apply: bool
) -> Outlook:
    from gateway.wiring.syncing import door_of

    door = door_of(settings) if settings.stripe is not None else None
    try:
        importing = _importing(settings, store, door, file)
        customers = {row.customer for row in rows if row.customer} if door is not None else ()
        with bar("Asking Stripe", len(customers)) as asked:
            found = await importing.suppose(rows, now=now(), asked=asked)
    finally:
        if door is not None:
            await door.close()
    if apply:
        with bar("Writing", len(found.new) + len(found.drafts)) as done:
            await importing.apply(found, now=now(), done=done)
        if found.new or found.drafts:
            told = f"{file.name}: {len(found.new)} accounts, {len(found.drafts)} entries"
            await acting.note(store, "import", told)
        await acting.fold(settings, store)
    return found


def _importing(settings: Settings, store: Store, door: Door | None, file: Path) -> Importing:
    from gateway.clock import SystemClock
    from gateway.money.arriving.importing import Importing
    from gateway.money.entries import acts
    from gateway.money.stripe_api.customers import Customers
    from gateway.stores.holdings import Holdings
    from gateway.stores.imported import Imported
    from gateway.stores.ledger import Ledger
    from gateway.wiring.money import folding

    # By the very rules that the gateway will apply.
    rules = folding(settings, store=store, clock=SystemClock())
    return Importing(
        ledger=Ledger(store),
        people=Imported(store),
        holdings=Holdings(store),
        payments=Customers(door) if door is not None else None,
        rules=(acts.plans(rules.prices, at=now()), acts.settings(rules.settings, at=now())),
        by=acting.operator(),
        reason=f"imported from {file.name}",
    )


def _tell(
    found: Outlook, faults: Iterable[Fault], settings: Settings, *, file: Path, everyone: bool
) -> None:
    from gateway.money.entries.acts import Act

    typer.echo(
        f"{found.people} people: {len(found.new)} without an account here yet;"
        f" {found.acts(Act.BIND)} customers to bind, {found.acts(Act.GRANT)} tiers to give."
    )
    shown = found.gains if everyone else found.gains[:SHOWN_MAX]
    _list(f"Gain ({len(found.gains)}):", shown, settings)
    if len(shown) < len(found.gains):
        typer.echo(f"  … and {len(found.gains) - len(shown)} more: --all lists them")
    _list(f"Lose, or read nothing ({len(found.losses)}):", found.losses, settings)
    for fault in faults:
        typer.echo(str(fault), err=True)
    for line, told in found.troubles:
        typer.echo(f"{file}:{line}:1: {told}", err=True)


def _list(heading: str, changes: Sequence[Change], settings: Settings) -> None:
    if not changes:
        return
    typer.echo(heading)
    for each in changes:
        held = ", ".join(f"{x.tier} until {until_of(x.ends_at, settings)}" for x in each.tiers)
        typer.echo(f"  {each.email}: {held or each.why}")
