"""An account as it stands, and tiers given and taken back by hand."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from gateway.cli.options import DEFAULT, AsJson, Config, settings_of
from gateway.cli.reader import acting
from gateway.cli.reader.acting import Account, Email, Reason, now
from gateway.cli.store import instant, with_store

if TYPE_CHECKING:
    from gateway.config import Settings
    from gateway.model.reader import Reader
    from gateway.stores.engine import Store

_FAR_SECONDS = 50 * 365 * 86400.0

Tier = Annotated[str, typer.Option(metavar="NAME", help="A tier that a plan or a rule names.")]


def show(email: Email, config: Config = DEFAULT, as_json: AsJson = False) -> None:
    """Each account with this address: what it holds, until when, and by which entries."""
    settings = settings_of(config)
    found = with_store(settings, lambda store: acting.accounts(store, email))
    if as_json:
        typer.echo(json.dumps([_shown(each) for each in found], ensure_ascii=False, indent=2))
        return
    for each in found:
        typer.echo(f"{each.id}  {each.email}  {each.name}".rstrip())
        for held in each.entitlements:
            state = "" if held.opens(now()) else ", not now"
            by = ", ".join(str(number) for number in held.entries)
            typer.echo(
                f"  {held.tier} until {until_of(held.ends_at, settings)}{state}"
                + (f"  (ledger: {by})" if by else "")
            )


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
    from gateway.money.entries import acts

    settings = settings_of(config)
    known = acting.tiers(settings)
    if tier not in known:
        listed = ", ".join(sorted(known)) or "none"
        raise typer.BadParameter(f"no plan or rule names it; known: {listed}", param_hint="--tier")
    at, zone = now(), ZoneInfo(settings.site.timezone)
    ends = instant(until, now=at, zone=zone) if until else None
    why = acting.why(reason)

    async def give(store: Store) -> Reader:
        reader = await acting.one(store, email, account)
        made = acts.grant(reader.id, tier, until=ends, by=acting.operator(), at=at, reason=why)
        await acting.act(settings, store, reader, made)
        return reader

    reader = with_store(settings, give)
    held = "for good" if ends is None else f"until {until_of(ends, settings)}"
    typer.echo(f"{reader.email} ({reader.id}) reads {tier} {held}.")


def revoke(
    email: Email,
    reason: Reason,
    tier: Annotated[str, typer.Option(metavar="NAME", help="Every one, where none is named.")] = "",
    account: Account = "",
    config: Config = DEFAULT,
) -> None:
    """Take back what was given by hand. What is paid for is ended at Stripe."""
    from gateway.money.entries import acts

    settings = settings_of(config)
    why = acting.why(reason)

    async def take(store: Store) -> Reader:
        await acting.fold(settings, store)
        reader = await acting.one(store, email, account)
        if not await _given_by_hand(store, reader, tier):
            what = f"nothing of {tier}" if tier else "nothing"
            raise typer.BadParameter(f"{reader.email} was given {what} by hand", param_hint="EMAIL")
        made = acts.revoke(reader.id, tier, by=acting.operator(), at=now(), reason=why)
        await acting.act(settings, store, reader, made)
        return reader

    reader = with_store(settings, take)
    typer.echo(f"What was given to {reader.email} ({reader.id}) by hand is taken back.")


async def _given_by_hand(store: Store, reader: Reader, tier: str) -> bool:
    from gateway.money.entries.acts import Act
    from gateway.stores.ledger import Ledger

    held = [each for each in reader.entitlements if tier in ("", each.tier)]
    entries = await Ledger(store).entries({number for each in held for number in each.entries})
    return any(entry.kind == Act.GRANT for entry in entries)


def export(email: Email, account: Account = "", config: Config = DEFAULT) -> None:
    """All that is kept of a reader, as JSON."""
    from gateway.wiring.adopting import exporting_of

    async def read(store: Store) -> dict[str, object]:
        return await exporting_of(store).export((await acting.one(store, email, account)).id)

    kept = with_store(settings_of(config), read)
    text = json.dumps(kept, ensure_ascii=False, indent=2)
    typer.echo(text.encode("utf-8", "backslashreplace"))


def until_of(ends_at: float, settings: Settings) -> str:
    if ends_at > now() + _FAR_SECONDS:
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
