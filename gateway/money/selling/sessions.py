"""Selling a subscription: one customer a reader, one open session a reader, nobody pays twice.

An attempt is stored before Stripe is asked for anything, and its id is the session's idempotency key:
whoever is cut off, or clicks fifty times, comes to the same session. Nothing here grants anything.
What a session has done comes back by the webhook, or is asked for when its payer returns.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakValueDictionary

from gateway.errors import StripeRefused, StripeUnavailable
from gateway.model.entry import Draft
from gateway.model.selling import Attempt, Attempted
from gateway.model.subscription import Status, Subscription, read
from gateway.money.entries import acts
from gateway.money.ledger import Ledger
from gateway.money.selling.ordering import Terms, Wish, change_to, session_of
from gateway.money.selling.owning import LIVE, Owned, owned_by
from gateway.money.selling.ports import Attempts, Session, Stripe
from gateway.money.supposing import bound

# Stripe forgets idempotency keys after 24 hours, and a session lives as long.
ATTEMPT_SECONDS = 23 * 3600.0
_ROUNDS_MAX = 4
# Stripe has a payment in a reader's name that the ledger gives to nobody.
NOBODYS = "paid-for-nobody"
_OVER = (Status.CANCELED, Status.INCOMPLETE_EXPIRED)


@dataclass(frozen=True, slots=True)
class Led:
    """``url`` is where the reader goes on. ``done``: a session of theirs that was paid already."""

    url: str = ""
    done: str = ""


@dataclass(slots=True, kw_only=True)
class Selling:
    ledger: Ledger
    attempts: Attempts
    stripe: Stripe
    terms: Terms
    _alone: WeakValueDictionary[str, asyncio.Lock] = field(default_factory=WeakValueDictionary)

    async def owned(self, reader: str, *, now: float) -> Owned:
        return await owned_by(self.ledger, reader, now=now)

    async def order(self, wish: Wish, *, now: float) -> Led:
        """To a session that can be paid, or to the portal of who subscribes already. Raises
        StripeUnavailable, StripeRefused and StoreUnavailable: nothing is charged by it, ever."""
        # Clicks of one browser come to one process; those of others meet at the store and the keys.
        lock = self._alone.setdefault(wish.reader, asyncio.Lock())
        async with lock:
            owned = await self.owned(wish.reader, now=now)
            if not owned.live:
                owned = await self._asked(wish.reader, owned, now=now)
            if owned.live:
                return Led(url=await self.portal(wish.reader, owned, wish=wish))
            for _ in range(_ROUNDS_MAX):
                led = await self._session(wish, owned, now=now)
                if led is not None:
                    return led
        raise StripeUnavailable("stripe-unavailable", "no session would open")

    async def _asked(self, reader: str, owned: Owned, *, now: float) -> Owned:
        """A webhook may be late: Stripe says whether there is a live one that we don't know yet. One that
        is paid in this reader's name and yet isn't theirs is for a person: nothing is sold meanwhile."""
        made = await self._made(reader, owned)
        drafts: list[Draft] = []
        for customer in {*owned.customers, *owned.unbound, *((made[0],) if made else ())}:
            try:
                found = await self.stripe.live_of(customer)
            except StripeRefused as refused:
                if not refused.missing:
                    raise
                await self.attempts.forget_customer(reader, customer)
                continue
            drafts += [each for each in found if _sold(each, owned)]
        if not drafts:
            return owned
        await self.ledger.append(drafts, now=now)
        owned = await self.owned(reader, now=now)
        known = {each.subscription.id for each in owned.held}
        lost = sorted({each.subscription_id for each in drafts} - known)
        if lost and not owned.live:
            detail = f"{' '.join(lost)} paid in the name of {reader}, whose customer is nobody's"
            raise StripeRefused(status=409, code=NOBODYS, detail=detail)
        return owned

    async def _session(self, wish: Wish, owned: Owned, *, now: float) -> Led | None:
        """None: the attempt that stood in the way is over; try once more."""
        customer = await self._customer(wish, owned, now=now)
        trial = wish.plan.trial_days and not owned.ever
        parameters = session_of(wish, customer, self.terms, trial=bool(trial))
        attempt = await self.attempts.begin(
            Attempt(
                id=f"lychgate-{secrets.token_hex(16)}",
                reader=wish.reader,
                plan=wish.plan.id,
                price=wish.price.id,
                parameters=parameters,
                return_to=wish.return_to,
                language=wish.language,
                made_at=now,
                until=now + ATTEMPT_SECONDS,
            )
        )
        same = attempt.parameters == parameters
        if not attempt.session_id and attempt.until <= now:
            await self.attempts.ended(attempt.id, Attempted.OVER)
            return None
        try:
            session = await self._of(attempt)
        except StripeUnavailable as away:
            if not away.kept:
                raise
            # Its key has no other answer; a session that nobody was led to can't be paid.
            await self.attempts.ended(attempt.id, Attempted.OVER)
            return None
        except StripeRefused as refused:
            if not refused.missing:
                raise
            # The customer was deleted at Stripe, or the session is another account's.
            await self.attempts.ended(attempt.id, Attempted.OVER)
            await self.attempts.forget_customer(wish.reader, customer)
            return None
        if session.status == "complete":
            await self.attempts.ended(attempt.id, Attempted.COMPLETE)
            return None if await self._ended(session.id) else Led(done=session.id)
        if session.status == "open" and same and session.url:
            return Led(url=session.url)
        if session.status == "open" and not await self._expired(session.id):
            await self.attempts.ended(attempt.id, Attempted.COMPLETE)
            return Led(done=session.id)
        await self.attempts.ended(attempt.id, Attempted.OVER)
        return None

    async def _of(self, attempt: Attempt) -> Session:
        if attempt.session_id:
            return await self.stripe.session(attempt.session_id)
        try:
            session = await self.stripe.open_session(attempt.parameters, key=attempt.id)
        except StripeRefused as refused:
            # The same would be refused again: the next attempt is a new one.
            if refused.refused_status != 409:
                await self.attempts.ended(attempt.id, Attempted.OVER)
            raise
        await self.attempts.opened(attempt.id, session.id)
        return session

    async def _expired(self, session_id: str) -> bool:
        """False where it was paid meanwhile."""
        try:
            await self.stripe.expire(session_id)
        except StripeRefused:
            return (await self.stripe.session(session_id)).status != "complete"
        return True

    async def _ended(self, session_id: str) -> bool:
        """What was bought is over already, so buying again is what its reader wants."""
        bought = await self.stripe.bought(session_id)
        return any(each.facts.get("status") in _OVER for each in bought.drafts)

    async def _made(self, reader: str, owned: Owned) -> tuple[str, float] | None:
        """The customer that was made for a reader, and when; None where acts gave it to somebody else,
        or to nobody: what is paid there would open nothing for this reader."""
        made = await self.attempts.customer(reader)
        if made is None or made[0] in owned.customers:
            return made
        binding = (await bound(self.ledger, made[:1])).get(made[0])
        return made if binding is None or binding.reader == reader else None

    async def _customer(self, wish: Wish, owned: Owned, *, now: float) -> str:
        """The one that we made for this reader, bound to them by an entry."""
        stale = await self.attempts.customer(wish.reader)
        made = await self._made(wish.reader, owned)
        if made is None:
            # Those who were made before are another question: Stripe would answer with one of them.
            before = sorted({*owned.customers, *owned.parted})
            told = " ".join((wish.reader, wish.email, wish.name, wish.language, *before))
            key = hashlib.sha256(told.encode()).hexdigest()[:32]
            new = await self._new_customer(wish, f"lychgate-customer-{key}")
            if stale is not None:
                await self.attempts.forget_customer(wish.reader, stale[0])
            made = await self.attempts.keep_customer(wish.reader, new, now=now)
        customer, made_at = made
        if customer not in owned.customers:
            acted = acts.bind(customer, wish.reader, by=acts.CHECKOUT, at=made_at)
            await self.ledger.append([acted], now=now)
        return customer

    async def _new_customer(self, wish: Wish, key: str) -> str:
        """The keys that are tried are the same for all nodes, and so is their customer."""
        for number in range(1, _ROUNDS_MAX + 1):
            try:
                return await self.stripe.new_customer(
                    wish.reader,
                    email=wish.email,
                    name=wish.name,
                    language=wish.language,
                    key=key if number == 1 else f"{key}-{number}",
                )
            except StripeUnavailable as away:
                if not away.kept or number == _ROUNDS_MAX:
                    raise
        raise StripeUnavailable("stripe-unavailable", "no customer was made")

    async def portal(
        self,
        reader: str,
        owned: Owned,
        *,
        wish: Wish | None = None,
        back: str = "",
        language: str = "",
    ) -> str:
        """Where a reader manages what they have: at a plan's change where they wish for another one.
        Empty for a reader of whom Stripe knows nothing."""
        if wish is not None:
            back, language = wish.return_to, wish.language
        made = await self._made(reader, owned)
        held = (*owned.live, *owned.held)
        customers = [*(each.subscription.customer for each in held), *owned.customers]
        customers += [made[0]] if made else []
        if not customers:
            return ""
        told: dict[str, Any] = {
            "return_url": f"{self.terms.site_url}{back}",
            "language": language,
            "configuration": self.terms.portal_configuration,
        }
        flow = change_to(wish.price.id, owned) if wish else {}
        if flow:
            after = {"type": "redirect", "redirect": {"return_url": told["return_url"]}}
            try:
                return await self.stripe.portal(
                    customers[0], flow={**flow, "after_completion": after}, **told
                )
            except StripeRefused:
                pass  # the portal doesn't offer that change; it still shows what there is
        return await self.stripe.portal(customers[0], **told)


def _sold(draft: Draft, owned: Owned) -> bool:
    """A second one of these would be paid for twice."""
    said = read(Subscription, draft.facts)
    return said.status in LIVE and owned.sells(said)
