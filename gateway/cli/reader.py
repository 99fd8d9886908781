"""``lychgate reader``: one reader's account, and access given by hand.

A grant is an entry of the ledger like any other; it is folded at once, so the next page shows it.
"""

from __future__ import annotations

import json
import os
import pwd
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from gateway.cli.options import DEFAULT, AsJson, Config, policy_of, settings_of
from gateway.cli.store import instant, with_store

if TYPE_CHECKING:
    from gateway.config import Settings
    from gateway.model.entry import Draft
    from gateway.model.reader import Reader
    from gateway.stores.engine import Store

_FAR_SECONDS = 50 * 365 * 86400.0

app = typer.Typer(help="One reader's account, and access given by hand.", no_args_is_help=True)

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The account's address.")]
Tier = Annotated[str, typer.Option(metavar="NAME", help="A tier that a plan or a rule names.")]
Reason = Annotated[str, typer.Option(metavar="TEXT", help="Why; it stands in the ledger.")]
Account = Annotated[
    str, typer.Option("--id", metavar="ID", help="Which account, where several have the address.")
]


@app.callback()
def _root() -> None:
    pass


@app.command()
def show(email: Email, config: Config = DEFAULT, as_json: AsJson = False) -> None:
    """Each account with this address: what it holds, until when, and by which entries."""
    settings = settings_of(config)
    found = with_store(settings, lambda store: _accounts(store, email))
    if as_json:
        typer.echo(json.dumps([_shown(each) for each in found], ensure_ascii=False, indent=2))
        return
    for each in found:
        typer.echo(f"{each.id}  {each.email}  {each.name}".rstrip())
        for held in each.entitlements:
            state = "" if held.opens(_now()) else ", not now"
            typer.echo(f"  {held.tier} until {_until(held.ends_at, settings)}{state}")


@app.command()
def grant(
    email: Email,
    tier: Tier,
    reason: Reason,
    until: Annotated[
        str, typer.Option(metavar="TIME", help="2027-01-31 (its end), 2027-01-31T12:00 or 30d.")
    ] = "",
    account: Account = "",
    config: Config = DEFAULT,
) -> None:
    """Give a tier for nothing, for good or until a moment."""
    from gateway.money import acts

    settings = settings_of(config)
    known = _tiers(settings)
    if tier not in known:
        listed = ", ".join(sorted(known)) or "none"
        raise typer.BadParameter(f"no plan or rule names it; known: {listed}", param_hint="--tier")
    now, zone = _now(), ZoneInfo(settings.site.timezone)
    ends = instant(until, now=now, zone=zone) if until else None
    why = _why(reason)

    def draft(reader: Reader) -> Draft:
        return acts.grant(reader.id, tier, until=ends, by=_who(), at=now, reason=why)

    reader = with_store(settings, lambda store: _act(settings, store, email, account, draft))
    held = "for good" if ends is None else f"until {_until(ends, settings)}"
    typer.echo(f"{reader.email} ({reader.id}) reads {tier} {held}.")


@app.command()
def revoke(
    email: Email,
    reason: Reason,
    tier: Annotated[str, typer.Option(metavar="NAME", help="Every one, where none is named.")] = "",
    account: Account = "",
    config: Config = DEFAULT,
) -> None:
    """Take back what was given by hand. What is paid for is ended at Stripe."""
    from gateway.money import acts

    settings = settings_of(config)
    now, why = _now(), _why(reason)

    def draft(reader: Reader) -> Draft:
        return acts.revoke(reader.id, tier, by=_who(), at=now, reason=why)

    reader = with_store(settings, lambda store: _act(settings, store, email, account, draft))
    typer.echo(f"What was given to {reader.email} ({reader.id}) by hand is taken back.")


@app.command()
def export(email: Email, account: Account = "", config: Config = DEFAULT) -> None:
    """All that is kept of a reader, as JSON."""
    from gateway.stores.accounts import Accounts

    async def read(store: Store) -> dict[str, object]:
        return await Accounts(store).export((await _one(store, email, account)).id)

    kept = with_store(settings_of(config), read)
    typer.echo(json.dumps(kept, ensure_ascii=False, indent=2))


async def _act(
    settings: Settings, store: Store, email: str, account: str, draft: Callable[[Reader], Draft]
) -> Reader:
    from gateway.clock import SystemClock
    from gateway.stores.audit import Audit
    from gateway.stores.ledger import Ledger
    from gateway.wiring.money import folding

    reader, clock = await _one(store, email, account), SystemClock()
    made = draft(reader)
    await Ledger(store).append([made], now=clock.now())
    what = f"{reader.id} {made.facts.get('tier', '')}".strip()
    await Audit(store).note(who=_who(), act=str(made.kind), what=what, now=clock.now())
    await folding(settings, store=store, clock=clock).fold_due()
    return reader


async def _accounts(store: Store, email: str) -> tuple[Reader, ...]:
    from gateway.stores.readers import readers_with

    found = await readers_with(store, email.strip())
    if not found:
        raise typer.BadParameter(f"no account has the address {email}", param_hint="EMAIL")
    return found


async def _one(store: Store, email: str, account: str) -> Reader:
    found = await _accounts(store, email)
    named = [each for each in found if account in ("", each.id)]
    if len(named) != 1:
        listed = ", ".join(each.id for each in found)
        raise typer.BadParameter(f"{email} has several accounts: {listed}", param_hint="--id")
    return named[0]


def _tiers(settings: Settings) -> frozenset[str]:
    planned = {tier for plan in settings.plan for tier in plan.tiers}
    rules = policy_of(settings).rules
    ruled = {tier for rule in rules if rule.access is not None for tier in rule.access.tiers}
    return frozenset(planned | ruled)


def _why(reason: str) -> str:
    if not reason.strip():
        raise typer.BadParameter("say why", param_hint="--reason")
    return reason.strip()


def _who() -> str:
    return pwd.getpwuid(os.getuid()).pw_name


def _now() -> float:
    from gateway.clock import SystemClock

    return SystemClock().now()


def _until(ends_at: float, settings: Settings) -> str:
    if ends_at > _now() + _FAR_SECONDS:
        return "further notice"
    moment = datetime.fromtimestamp(ends_at, ZoneInfo(settings.site.timezone))
    return moment.isoformat(sep=" ", timespec="minutes")


def _shown(reader: Reader) -> dict[str, object]:
    return {
        "id": reader.id,
        "email": reader.email,
        "name": reader.name,
        "entitlements": [
            {"tier": x.tier, "from": x.starts_at, "until": x.ends_at, "entries": list(x.entries)}
            for x in reader.entitlements
        ],
    }
