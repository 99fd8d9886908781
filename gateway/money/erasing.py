"""Forgetting a reader, in an order that can be cut off anywhere: what they pay is ended at Stripe, then the
keys of everything that was said of them are destroyed, then an entry says so, then the account goes.

A reader who is gone can't end a subscription, so while Stripe is away nothing is erased. The ledger
keeps its numbers, ids and amounts, which lead to nobody any more; it still proves itself and replays.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.errors import StripeRefused, StripeUnavailable
from gateway.model.entry import Draft, Entry, key_owner
from gateway.model.subscription import Status
from gateway.money.entries import acts
from gateway.money.entries.acts import Act
from gateway.money.folding.story import Story, gather
from gateway.money.folding.whose import bindings
from gateway.money.ledger import Ledger
from gateway.money.supposing import stories

_ENDED = frozenset((Status.CANCELED, Status.INCOMPLETE_EXPIRED))
# What ties an entry to a payer, were no payer named in it.
TIES = ("subscription_id", "invoice_id", "payment_id", "charge_id")


class Keys(Protocol):
    async def destroy(self, owners: Iterable[str], *, now: float) -> None:
        """Erase for good what these owners' keys sealed, and whatever will come for them."""


class Payments(Protocol):
    """Stripe. Raises StripeRefused and StripeUnavailable."""

    async def end_all(self, customer_id: str) -> Sequence[Draft]:
        """Nothing of a customer's goes on; what Stripe says of each subscription that was ended."""


class Traces(Protocol):
    """What stands of a reader outside the ledger. Raises StoreUnavailable."""

    async def customers(self, reader: str) -> Collection[str]:
        """Those that were made for a reader at Stripe, whether anything was bought or not."""

    async def erase(
        self, reader: str, customers: Iterable[str], subscriptions: Iterable[str], *, now: float
    ) -> None:
        """The account, its letters and links, for good; and what was asked for of its subscriptions, from
        whatever address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasing:
    """``payments`` is None where no Stripe is set up."""

    ledger: Ledger
    keys: Keys
    payments: Payments | None
    traces: Traces

    async def forget(self, reader: str, *, by: str, now: float) -> None:
        """Safe to run again where it was cut off. Raises StripeUnavailable or StripeRefused, and then
        nothing was erased; and StoreUnavailable."""
        made = await self.traces.customers(reader)
        story = gather(await stories(self.ledger, customers=made, readers=[reader]))
        customers = customers_of(story, reader, made=made)
        ended = [
            each.said.id for each in story.subscriptions.values() if each.said.customer in customers
        ]
        await self._end(story, customers, now=now)
        for each in (*merged_into(story, reader), reader):
            await erase(self.ledger, self.keys, each, customers=customers, by=by, now=now)
            await self.traces.erase(each, customers, ended, now=now)

    async def _end(self, story: Story, customers: Iterable[str], *, now: float) -> None:
        if self.payments is None:
            if any(_goes_on(story, each) for each in customers):
                raise StripeUnavailable("stripe-unavailable", "[stripe] isn't set up")
            return
        for customer in sorted(customers):
            try:
                ended = await self.payments.end_all(customer)
            except StripeRefused as refused:
                if not refused.missing:
                    raise
                continue  # who isn't there at Stripe pays nothing
            if ended:
                await self.ledger.append(ended, now=now)


async def erase(
    ledger: Ledger,
    keys: Keys,
    reader: str,
    *,
    customers: Collection[str] = (),
    by: str,
    now: float,
) -> None:
    """The keys and the entry alone. Safe to run again where it was cut off. Raises StoreUnavailable."""
    entries = await stories(ledger, customers=customers, readers=[reader])
    mine = _but_of_others(entries, reader)
    owners = {owner for entry in mine for owner in _owners(entry)}
    # What operators typed about an entry that couldn't be folded hangs on it by its name alone.
    notes = await ledger.objects([name for entry in mine for name in acts.named(entry)])
    owners |= {key_owner(note) for note in notes}
    await keys.destroy({reader, *customers, *owners}, now=now)
    await ledger.append([acts.erased(reader, by=by, at=now)], now=now)


def customers_of(story: Story, reader: str, *, made: Collection[str] = ()) -> set[str]:
    """Those that are a reader's, were ``made`` for them, or were theirs and are nobody's now: what is paid
    there would be paid for ever. Who became another's, or may be, is not theirs."""
    bound = bindings(story)
    asked = {each.said.customer for each in story.checkouts.values() if each.said.reader == reader}
    own = {customer for customer, each in bound.items() if each.reader == reader}
    bought = {
        told.entry.customer_id
        for told in story.acts_of(Act.BIND)
        if told.entry.reader == reader and told.facts.get("by") == acts.CHECKOUT
    }
    theirs = {*made, *asked, *own, *bought}
    kept = {
        customer
        for customer, each in bound.items()
        if each.doubtful or each.reader not in ("", reader)
    }
    return {each for each in theirs if each and each not in kept}


def merged_into(story: Story, reader: str) -> list[str]:
    """Accounts of the same person that became this one: their rows are there still, and go with it."""
    found = [reader]
    for each in found:
        acts_of = (told for told in story.acts_of(Act.MERGED) if told.entry.reader == each)
        found += [str(told.facts["from"]) for told in acts_of if told.facts["from"] not in found]
    return found[1:]


def _goes_on(story: Story, customer: str) -> bool:
    theirs = (each.said for each in story.subscriptions.values() if each.said.customer == customer)
    return any(each.status not in _ENDED for each in theirs)


def _but_of_others(entries: Sequence[Entry], reader: str) -> list[Entry]:
    """A customer who was bound to this reader once may be another's now: what was said of them is
    that reader's, and stays."""
    bound = bindings(gather(entries))
    others = {customer for customer, each in bound.items() if each.reader not in ("", reader)}
    tied = {
        getattr(entry, name) for entry in entries if entry.customer_id in others for name in TIES
    }
    tied.discard("")
    return [
        entry
        for entry in entries
        if entry.customer_id not in others
        and (entry.customer_id or not any(getattr(entry, name) in tied for name in TIES))
    ]


def _owners(entry: Entry) -> Iterable[str]:
    """Its own, and those of its payment: a dispute that is yet to come names no customer."""
    return filter(None, (key_owner(entry), entry.payment_id, entry.charge_id))
