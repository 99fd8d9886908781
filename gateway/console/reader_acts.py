"""What operators do about one reader: each a POST with a reason, an entry of the ledger, a line of the
audit log, which leads to that reason. Money is paid back and subscriptions are ended at Stripe, where the page leads.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.console import reader_view
from gateway.console.acting import Acting, reason_of
from gateway.console.dossier import dossier
from gateway.console.frame import ADMIN, EVERYONE, FINANCE, GIVES, Action, Visit
from gateway.console.granting import NotGranted, end_of, may_give
from gateway.console.readers import PATH
from gateway.errors import (
    RequestRefused,
    StripeRefused,
    StripeUnavailable,
    TooManyLogins,
)
from gateway.identity.accounts import Account, Accounts
from gateway.identity.merging import Directory
from gateway.identity.roles import Role
from gateway.model.customer import Customer
from gateway.model.entry import Draft, Entry
from gateway.money.entries import acts
from gateway.money.folding.story import gather
from gateway.money.folding.whose import bindings
from gateway.money.ledger import Ledger
from gateway.rooms.asking import Reply

_CUSTOMER = re.compile(r"cus_[A-Za-z0-9_]{1,100}", re.ASCII)
_ONE = f"{PATH}/{{id}}"


class Customers(Protocol):
    """Every method raises StripeRefused (``missing``: no such customer) and StripeUnavailable."""

    async def customer(self, customer_id: str) -> Customer: ...

    async def subscriptions_of(self, customer_id: str) -> Sequence[Draft]: ...


class Binding(Protocol):
    async def bound(self, customers: Collection[str]) -> Sequence[Entry]:
        """The entries that may say whose these are. Raises StoreUnavailable."""


class Mails(Protocol):
    async def login_link(self, email: str, *, language: str, now: float) -> None:
        """Raises TooManyLogins and StoreUnavailable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderActs:
    """``known``: whether any entry names a customer. ``tiers`` are those that a plan or a rule names.
    ``stripe`` and ``mails`` may be absent."""

    accounts: Accounts
    directory: Directory
    ledger: Ledger
    bindings: Binding
    known: Callable[[str], Awaitable[bool]]
    acting: Acting
    stripe: Customers | None
    mails: Mails | None
    tiers: Callable[[], Collection[str]]

    def actions(self) -> tuple[Action, ...]:
        return (
            _post("grant", GIVES, self.grant),
            _post("revoke", ADMIN, self.revoke),
            _post("bind", FINANCE, self.bind),
            _post("unbind", FINANCE, self.unbind),
            _post("merge", FINANCE, self.merge),
            _post("end-sessions", EVERYONE, self.end_sessions),
            _post("mail", EVERYONE, self.mail),
        )

    async def grant(self, visit: Visit) -> Reply:
        account = await self._account(visit)
        tier, reason = visit.ask.written("tier"), reason_of(visit)
        until = end_of(visit.ask.written("until"), now=visit.now, zone=visit.words.zone)
        if isinstance(until, NotGranted):
            return await _not_done(visit, str(until))
        if tier not in self.tiers():
            return await _not_done(visit, str(NotGranted.NO_SUCH_TIER))
        if not may_give(visit.operator.roles, until, now=visit.now):
            return await _not_done(visit, str(NotGranted.TOO_LONG))
        ends = "for good" if until is None else visit.words.at(until).isoformat()
        draft = acts.grant(account.id, tier, until=until, by=visit.who, at=visit.now, reason=reason)
        await visit.note(f"{account.id} {tier} {ends}", entry=draft)
        await self.acting.append([draft], now=visit.now)
        return _back(visit, "granted")

    async def revoke(self, visit: Visit) -> Reply:
        """What was given by hand; of no tier in particular: all of it."""
        account = await self._account(visit)
        tier, reason = visit.ask.written("tier"), reason_of(visit)
        draft = acts.revoke(account.id, tier, by=visit.who, at=visit.now, reason=reason)
        await visit.note(f"{account.id} {tier}".strip(), entry=draft)
        await self.acting.append([draft], now=visit.now)
        return _back(visit, "revoked")

    async def bind(self, visit: Visit) -> Reply:
        """A customer whom nobody else is bound to. What Stripe says of its subscriptions comes along."""
        account = await self._account(visit)
        customer, reason = visit.ask.written("customer").strip(), reason_of(visit)
        if _CUSTOMER.fullmatch(customer) is None:
            return await _not_done(visit, "no-customer")
        bound = await self._reader_of(customer)
        if bound not in ("", account.id):
            return await _not_done(visit, "bound-elsewhere")
        try:
            told = await self._told(customer)
        except StripeUnavailable:
            return await _not_done(visit, "stripe-away")
        except StripeRefused:
            return await _not_done(visit, "no-customer")
        draft = acts.bind(customer, account.id, by=visit.who, at=visit.now, reason=reason)
        await visit.note(f"{account.id} {customer}", entry=draft)
        await self.acting.append([*told, draft], now=visit.now)
        return _back(visit, "bound")

    async def _told(self, customer: str) -> Sequence[Draft]:
        """Of a customer that the ledger knows, what it knows is enough, were Stripe away."""
        if await self.known(customer):
            return []
        if self.stripe is None:
            raise StripeRefused(status=404, detail="nobody to ask")
        await self.stripe.customer(customer)  # an empty list would say nothing
        return await self.stripe.subscriptions_of(customer)

    async def unbind(self, visit: Visit) -> Reply:
        account_id = visit.names["id"]
        customer, reason = visit.ask.written("customer").strip(), reason_of(visit)
        if await self._reader_of(customer) != account_id:
            return await _not_done(visit, "not-bound")
        draft = acts.unbind(customer, account_id, by=visit.who, at=visit.now, reason=reason)
        await visit.note(f"{account_id} {customer}", entry=draft)
        await self.acting.append([draft], now=visit.now)
        return _back(visit, "unbound")

    async def merge(self, visit: Visit) -> Reply:
        """Asks once more, with both accounts side by side; with ``confirm=yes`` it is done."""
        kept, gone = await self._account(visit), visit.ask.written("other").strip()
        if gone == kept.id:
            return await _not_done(visit, "same-account")
        other = await self.accounts.account(gone, session_id="", now=visit.now) if gone else None
        if other is None:
            return await _not_done(visit, "no-account")
        reason = reason_of(visit)
        await visit.note(f"{gone} into {kept.id}")
        story = await self.ledger.story(await self.ledger.of_reader(gone))
        found = dossier(story, gone)
        if found.failed:
            raise RequestRefused(409, "story-not-folded")
        grants = [entry for entry in found.given if entry.number in found.live]
        # Who has a Checkout open pays as the customer that was made for it.
        made = await self.directory.customers(gone)
        customers = sorted({*made, *(name for name, _ in found.customers)})
        if visit.ask.written("confirm") != "yes":
            return await visit.page(
                "finance-merge",
                kept=reader_view.account(kept, visit.words, visit.language),
                gone=reader_view.account(other, visit.words, visit.language),
                customers=customers,
                grants=len(grants),
                reason=reason,
            )
        moved = {
            "ways": list(await self.directory.ways(gone)),
            "customers": customers,
            "grants": [entry.number for entry in grants],
            "verified": other.email_verified,
        }
        drafts = [
            acts.merged(kept.id, gone, moved, by=visit.who, at=visit.now, reason=reason),
            *(
                acts.bind(name, kept.id, by=visit.who, at=visit.now, reason=reason)
                for name in customers
            ),
            *(_again(entry, kept.id, visit, reason) for entry in grants),
            acts.revoke(gone, "", by=visit.who, at=visit.now, reason=reason),
        ]
        await visit.note(f"{gone} into {kept.id}", entry=drafts[0])
        # The ledger first: what was moved is known there before anything moves.
        await self.acting.append(drafts, now=visit.now)
        await self.directory.merge(kept.id, gone, now=visit.now)
        return _back(visit, "merged")

    async def end_sessions(self, visit: Visit) -> Reply:
        account = await self._account(visit)
        await visit.note(account.id)
        await self.accounts.end_all(account.id, now=visit.now)
        return _back(visit, "ended")

    async def mail(self, visit: Visit) -> Reply:
        """A login link, to the account's own address and to no other."""
        account = await self._account(visit)
        if self.mails is None or not account.email:
            raise RequestRefused(404, "not-found")
        await visit.note(account.id)
        try:  # without a language of theirs the site's: not that of whoever works here
            await self.mails.login_link(account.email, language=account.language, now=visit.now)
        except TooManyLogins:
            return _back(visit, "mailed-often")
        return _back(visit, "mailed")

    async def _account(self, visit: Visit) -> Account:
        """Raises RequestRefused (404)."""
        account = await self.accounts.account(visit.names["id"], session_id="", now=visit.now)
        if account is None:
            raise RequestRefused(404, "not-found")
        return account

    async def _reader_of(self, customer: str) -> str:
        said = await self.bindings.bound([customer])
        binding = bindings(gather(said)).get(customer)
        return binding.reader if binding else ""


def _post(name: str, roles: frozenset[Role], road: Callable[[Visit], Awaitable[Reply]]) -> Action:
    return Action(path=f"{_ONE}/{name}", method="POST", roles=roles, act=name, road=road)


def _again(entry: Entry, reader: str, visit: Visit, reason: str) -> Draft:
    said = entry.said
    until = said.get("until")
    return acts.grant(
        reader,
        str(said.get("tier", "")),
        until=None if until is None else float(until),
        by=visit.who,
        at=visit.now,
        reason=reason,
    )


async def _not_done(visit: Visit, why: str) -> Reply:
    """That somebody tried is written down too."""
    await visit.note(f"{visit.names['id']}, not done: {why}")
    return _back(visit, why)


def _back(visit: Visit, said: str) -> Reply:
    return visit.onward(f"{PATH}/{visit.names['id']}", said=said)
