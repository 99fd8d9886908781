"""``check --online``: asks Stripe what it makes of ``[stripe]`` and ``[[plan]]``, and changes nothing.

Each line is one thing that was asked; all of them are, whatever the first say.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from gateway.errors import StripeRefused, StripeUnavailable
from gateway.money.entries.kinds import EVENTS
from gateway.money.routes import WEBHOOK
from gateway.money.stripe_api.catalogue import Endpoint, Shelf
from gateway.money.stripe_api.listing import Listing
from gateway.wiring.money import mode_of
from gateway.wiring.syncing import door_of

if TYPE_CHECKING:
    from gateway.config import Settings
    from gateway.model.price import Price


@dataclass(frozen=True, slots=True)
class Told:
    """``sound`` False is a fault; ``doubt`` is said on standard error and fails nothing."""

    line: str
    sound: bool = True
    doubt: bool = False


def ask_stripe(settings: Settings) -> bool:
    """Prints a line a thing asked; whether all of it is as it should be."""
    if settings.stripe is None:
        typer.echo("No [stripe] is configured: nothing to ask.")
        return True
    told = asyncio.run(_asked(settings))
    for each in told:
        typer.echo(f"Stripe: {each.line}", err=each.doubt or not each.sound)
    return all(each.sound for each in told)


async def _asked(settings: Settings) -> list[Told]:
    door = door_of(settings)
    try:
        listing, shelf = Listing(door), Shelf(door)
        try:
            account = await listing.account()
        except StripeUnavailable as error:
            key = error.reason == "stripe-key"
            why = "refuses the secret key" if key else f"can't be asked ({error.detail})"
            return [Told(f"it {why}", sound=False)]
        told = [Told(f"account {account}, {_mode(settings)}")]
        told += [each async for each in _of_prices(settings, shelf)]
        told += [each async for each in _of_endpoints(settings, shelf)]
        return told
    finally:
        await door.close()


def _mode(settings: Settings) -> str:
    known = mode_of(settings)
    return ("live mode" if known["livemode"] else "test mode") if known else "mode unknown"


async def _of_prices(settings: Settings, shelf: Shelf) -> AsyncIterator[Told]:
    assert settings.stripe is not None
    for plan in settings.plan:
        on_sale = plan.offered or plan.prices
        for price_id in dict.fromkeys((*plan.prices, *plan.offered)):
            where = f'price {price_id} of plan "{plan.id}"'
            try:
                price = await shelf.price(price_id)
            except StripeRefused as refused:
                why = "there is no such price" if refused.missing else str(refused)
                yield Told(f"{where}: {why}", sound=False)
                continue
            except StripeUnavailable as error:
                yield Told(f"{where}: can't be asked ({error.detail})", sound=False)
                continue
            faults = _faults(price, settings, on_sale=price_id in on_sale)
            if faults:
                yield Told(f"{where}: {'; '.join(faults)}", sound=False)
            elif price.tax_behavior == "exclusive" and not settings.stripe.automatic_tax:
                told = "tax is to be added to it, and [stripe] automatic_tax is off"
                yield Told(f"{where}: {told}", doubt=True)
            else:
                yield Told(f"{where}: is sold" if price_id in on_sale else f"{where}: is known")


def _faults(price: Price, settings: Settings, *, on_sale: bool) -> list[str]:
    faults = []
    if not price.recurring:
        faults.append("it is sold once, not by the month or year")
    if on_sale and not price.active:
        faults.append("it is on sale here, and it or its product isn't active at Stripe")
    if on_sale and price.amount is None:
        faults.append("it has no fixed amount, so no page can name its price")
    mode = mode_of(settings)
    if mode and price.livemode != mode["livemode"]:
        faults.append("it is of the other mode than the secret key")
    return faults


async def _of_endpoints(settings: Settings, shelf: Shelf) -> AsyncIterator[Told]:
    url = settings.site.url + WEBHOOK
    try:
        found = [each for each in await shelf.endpoints() if each.url == url]
    except (StripeRefused, StripeUnavailable) as error:
        yield Told(f"its webhook endpoints can't be listed: {error}", doubt=True)
        return
    if not any(each.enabled for each in found):
        state = "is disabled" if found else "doesn't exist"
        yield Told(f"the webhook endpoint {url} {state}", sound=False)
        return
    wanting = _wanting([each for each in found if each.enabled])
    if wanting:
        yield Told(f"the webhook endpoint doesn't send {', '.join(wanting)}", sound=False)
    else:
        yield Told(f"the webhook endpoint {url} sends every event that counts")


def _wanting(endpoints: list[Endpoint]) -> list[str]:
    sent = frozenset().union(*(each.events for each in endpoints))
    return [] if "*" in sent else [kind for kind in EVENTS if kind not in sent]
