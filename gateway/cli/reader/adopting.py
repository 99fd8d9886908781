"""Those who pay at Stripe and have no reader here: listed, bound by hand, or written to."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.options import DEFAULT, AsJson, Config, settings_of
from gateway.cli.reader import acting
from gateway.cli.reader.acting import bar, now
from gateway.cli.reader.binding import bound_to
from gateway.cli.store import with_store

if TYPE_CHECKING:
    from gateway.config import Settings
    from gateway.model.customer import Paying
    from gateway.model.reader import Reader
    from gateway.money.stripe_api.customers import Customers
    from gateway.stores.engine import Store
    from gateway.stores.ledger import Ledger


def adopt(
    customer: Annotated[str, typer.Option(metavar="CUSTOMER", help="This one alone: cus_….")] = "",
    reader: Annotated[
        str, typer.Option("--bind", metavar="EMAIL|ID", help="Bind it to this reader.")
    ] = "",
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why it is bound.")] = "",
    mail: Annotated[
        bool, typer.Option("--mail", help="Mail each a link, to the address that Stripe has.")
    ] = False,
    as_json: AsJson = False,
    config: Config = DEFAULT,
) -> None:
    """Live subscriptions on plans' prices that have no reader: list them, bind one, or mail a link."""
    settings = settings_of(config)
    if settings.stripe is None:
        raise typer.BadParameter("[stripe] isn't set up", param_hint="--config")
    if reader and not customer:
        raise typer.BadParameter("say which, with --customer", param_hint="--bind")
    if mail and settings.mail is None:
        raise typer.BadParameter("[mail] isn't set up", param_hint="--mail")
    if reader:
        why = acting.why(reason)
        bound, told = with_store(
            settings, lambda store: _bind(settings, store, customer, reader, why)
        )
        typer.echo(f"{customer} {told} {bound.email} ({bound.id}).")
        return
    found = with_store(settings, lambda store: _found(settings, store, customer, mail=mail))
    if as_json:
        typer.echo(json.dumps([_shown(each) for each in found], ensure_ascii=False, indent=2))
        return
    for each in found:
        whom = each.customer.email or "no address"
        typer.echo(f"{each.customer.id}  {whom}  {each.price}  {each.status}  {each.subscription}")
    written = len({each.customer.email.lower() for each in found if each.customer.email})
    mailed = f", {written} of their addresses written to" if mail else ""
    typer.echo(f"{len(found)} without a reader{mailed}.")


async def _bind(
    settings: Settings, store: Store, customer: str, who: str, why: str
) -> tuple[Reader, str]:
    reader = await acting.one(store, who)
    return reader, await bound_to(settings, store, reader, customer, reason=why)


async def _found(
    settings: Settings, store: Store, customer: str, *, mail: bool
) -> Sequence[Paying]:
    from gateway.money.stripe_api.customers import Customers
    from gateway.money.supposing import bound
    from gateway.stores.ledger import Ledger
    from gateway.wiring.syncing import door_of

    prices = frozenset(price for plan in settings.plan for price in plan.prices)
    door = door_of(settings)
    paying: list[Paying] = []
    try:
        async for page in Customers(door).paying(prices):
            paying += [each for each in page if customer in ("", each.customer.id)]
        known = await bound(Ledger(store), {each.customer.id for each in paying})
        free = [
            each
            for each in paying
            if each.customer.id not in known or not known[each.customer.id].reader
        ]
        if mail:
            await _mail(settings, store, free, Customers(door))
        return free
    finally:
        await door.close()


async def _mail(
    settings: Settings, store: Store, paying: Sequence[Paying], stripe: Customers
) -> None:
    """One link for all that an address pays, good for a week."""
    from gateway.money.arriving.adopting import by_address
    from gateway.stores.ledger import Ledger
    from gateway.wiring.adopting import adopting_of
    from gateway.wiring.pages import templates_of

    adopting = adopting_of(settings, store=store, mails=templates_of(settings))
    ledger, customers = Ledger(store), {each.customer.id: each.customer for each in paying}
    unheard = customers.keys() - await _heard_of(ledger, customers)
    with bar("Asking Stripe", len(unheard)) as asked:
        for each in sorted(unheard):
            await ledger.append(await stripe.subscriptions_of(each), now=now())
            asked(1)
    await acting.fold(settings, store)  # a link leads to what the fold knows
    written = by_address(customers.values())
    with bar("Writing", len(written)) as done:
        for recipient, theirs in written.items():
            spoken = next((each.language for each in theirs if each.language), "")
            ids = [each.id for each in theirs]
            await adopting.mail(ids, recipient, language=spoken, invited=True, now=now())
            done(1)
    await acting.note(store, "adopt", f"{len(written)} links mailed")


async def _heard_of(ledger: Ledger, customers: Collection[str]) -> set[str]:
    from gateway.money.folding.story import gather
    from gateway.money.supposing import stories

    story = gather(await stories(ledger, customers=customers))
    return {each.said.customer for each in story.subscriptions.values()}


def _shown(each: Paying) -> dict[str, str]:
    return {
        "customer": each.customer.id,
        "email": each.customer.email,
        "name": each.customer.name,
        "subscription": each.subscription,
        "price": each.price,
        "status": each.status,
    }
