"""Whose a Stripe customer is, said by an operator. What a customer pays opens for that reader and no other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.options import DEFAULT, Config, settings_of
from gateway.cli.reader import acting
from gateway.cli.reader.acting import Reason, Who, now
from gateway.cli.store import with_store

if TYPE_CHECKING:
    from gateway.config import Settings
    from gateway.model.entry import Draft
    from gateway.model.reader import Reader
    from gateway.stores.engine import Store

Customer = Annotated[str, typer.Argument(metavar="CUSTOMER", help="Its id at Stripe: cus_….")]
_HINT = "CUSTOMER"


def bind(who: Who, customer: Customer, reason: Reason, config: Config = DEFAULT) -> None:
    """Give a reader what a Stripe customer pays for."""
    settings, why = settings_of(config), acting.why(reason)

    async def work(store: Store) -> tuple[Reader, str]:
        reader = await acting.one(store, who)
        return reader, await bound_to(settings, store, reader, customer.strip(), reason=why)

    reader, told = with_store(settings, work)
    typer.echo(f"{customer} {told} {reader.email} ({reader.id}).")


def unbind(customer: Customer, reason: Reason, config: Config = DEFAULT) -> None:
    """Take a Stripe customer from the reader it is bound to. It pays on at Stripe, for nobody here."""
    from gateway.money.entries import acts
    from gateway.money.supposing import bound
    from gateway.stores.ledger import Ledger
    from gateway.stores.readers import reader_called

    settings, why = settings_of(config), acting.why(reason)

    async def work(store: Store) -> str:
        known = (await bound(Ledger(store), [customer])).get(customer)
        if known is None or not known.reader:
            raise typer.BadParameter(f"{customer} is bound to nobody", param_hint=_HINT)
        made = acts.unbind(customer, known.reader, by=acting.operator(), at=now(), reason=why)
        await Ledger(store).append([made], now=now())
        await acting.note(store, str(made.kind), f"{known.reader} {customer}")
        await acting.fold(settings, store)
        found = await reader_called(store, known.reader)
        return f"{found.email} ({found.id})" if found else known.reader

    typer.echo(f"{customer} is no longer bound to {with_store(settings, work)}.")


async def bound_to(
    settings: Settings, store: Store, reader: Reader, customer: str, *, reason: str
) -> str:
    """Bind, with what Stripe says of the customer's subscriptions; what is to be told of it."""
    from gateway.money.entries import acts
    from gateway.money.supposing import bound
    from gateway.stores.ledger import Ledger

    known = (await bound(Ledger(store), [customer])).get(customer)
    if known is not None and known.reader == reader.id:
        return "is bound already to"
    if known is not None and known.reader:
        told = f"{customer} is bound to {known.reader}: unbind it first"
        raise typer.BadParameter(told, param_hint=_HINT)
    subscriptions = await _asked(settings, customer)
    if subscriptions:
        await Ledger(store).append(subscriptions, now=now())
    made = acts.bind(customer, reader.id, by=acting.operator(), at=now(), reason=reason)
    await acting.act(settings, store, reader, made)
    return "is bound to"


async def _asked(settings: Settings, customer: str) -> Sequence[Draft]:
    """Nothing where Stripe can't be asked: the gateway asks by itself when it can."""
    from gateway.errors import StripeRefused, StripeUnavailable
    from gateway.money.stripe_api.customers import Customers
    from gateway.wiring.syncing import door_of

    if settings.stripe is None:
        return ()
    door = door_of(settings)
    try:
        return await Customers(door).subscriptions_of(customer)
    except StripeRefused as refused:
        told = f"Stripe refuses {customer}: {refused.detail}"
        raise typer.BadParameter(told, param_hint=_HINT) from None
    except StripeUnavailable as error:
        typer.echo(f"Stripe can't be asked just now ({error.reason}).", err=True)
        return ()
    finally:
        await door.close()
