"""Letters of subscriptions' lives, from the ledger to the outgoing mail: found, kept as due, sent once.

Entries are looked at once, in their order, and what is due by the clock is looked for among those whose
time comes. Between being due and being sent a letter is checked once more: who has paid meanwhile
hears of no failure. A letter goes to the address that its account has proved, else to the one that
Stripe has of its customer, with whom the contract is; it speaks the language of the account, else that
customer's, else the site's.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from gateway.errors import StoreUnavailable, StripeRefused, StripeUnavailable
from gateway.model.amount import Amount
from gateway.model.customer import Customer
from gateway.model.entry import Entry
from gateway.model.language import nearest
from gateway.model.letter import Letter
from gateway.model.life import Card, Due, Told
from gateway.money.entries.acts import Act
from gateway.money.folding.fold import fold
from gateway.money.ledger import Ledger
from gateway.money.life.due import AHEAD_SECONDS, RECENT_SECONDS, letters
from gateway.ops.logs import logger

BATCH_MAX = 500
_READERS_MAX = 200
_AGAIN_SECONDS, _AGAIN_SECONDS_MAX = 60.0, 3600.0
_RULES = (Act.PLANS, Act.SETTINGS)
_LOG = "lychgate.money"


class Stripe(Protocol):
    """Every method raises StripeRefused and StripeUnavailable."""

    async def customer(self, customer_id: str) -> Customer: ...

    async def card(self, subscription_id: str) -> Card | None: ...

    async def payment_page(self, invoice_id: str) -> str: ...


class Letters(Protocol):
    """Every method raises StoreUnavailable."""

    async def began(self, *, now: float, back: float) -> tuple[float, int]:
        """Since when letters are sent here, and the entry up to which it was looked; the first time,
        the newest that is older than ``back`` seconds."""

    async def note(self, dues: Sequence[Due], *, after: int | None, now: float) -> None:
        """Keep those that are new, and the entry up to which it was looked, in one transaction."""

    async def due(self, *, now: float, limit: int) -> Sequence[tuple[str, str, int]]:
        """Key and subscription of each, and how often it was tried."""

    async def later(self, key: str, *, next_at: float) -> None: ...

    async def needless(self, key: str) -> None: ...

    async def send(
        self, key: str, recipient: str, sent: Letter, *, also: str = "", now: float
    ) -> bool:
        """Put it out and say so, or do neither; False where it was sent before, under either key."""

    async def contact(self, reader: str) -> tuple[str, str] | None: ...

    async def nobodys(self) -> Sequence[str]:
        """Subscriptions that are paid for no account, as the work list has them."""


class Ending(Protocol):
    async def ending(self, *, after: float, before: float) -> Sequence[str]:
        """The readers that hold something which ends then. Raises StoreUnavailable."""


class Words(Protocol):
    def day(self, instant: float, language: str) -> str: ...

    def plan(self, prices: Sequence[str], language: str) -> str: ...

    def money(self, amount: Amount, language: str) -> str: ...

    def withdraw_until(self, made_at: float, language: str) -> str: ...

    async def price(
        self, prices: Sequence[str], currency: str, language: str
    ) -> tuple[str, str, int]:
        """What a period costs, ``month`` or ``months``, and how many. Empty where it isn't known."""


class Mails(Protocol):
    def mail(self, name: str, language: str, **context: object) -> Letter: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Living:
    """``languages`` of the site, its first one first. ``slack_seconds`` lie between the end of a period
    and that of what it opens."""

    ledger: Ledger
    letters: Letters
    holdings: Ending
    stripe: Stripe
    words: Words
    mails: Mails
    languages: Sequence[str]
    slack_seconds: float

    async def read_on(self, *, now: float) -> int:
        """Look at the next entries; how many those were. Raises StoreUnavailable."""
        began, after = await self.letters.began(now=now, back=RECENT_SECONDS)
        batch = await self.ledger.read(after=after, limit=BATCH_MAX)
        if not batch:
            return 0
        dues = await self._dues(batch, began=began, now=now)
        await self.letters.note(dues, after=batch[-1].number, now=now)
        return len(batch)

    async def look_ahead(self, *, now: float) -> None:
        """Trials, renewals and cards whose time comes without an entry. Raises StoreUnavailable."""
        began, _ = await self.letters.began(now=now, back=RECENT_SECONDS)
        until = now + AHEAD_SECONDS + self.slack_seconds
        readers = await self.holdings.ending(after=now, before=until)
        for start in range(0, len(readers), _READERS_MAX):
            named: list[Entry] = []
            for reader in readers[start : start + _READERS_MAX]:
                named += await self.ledger.of_reader(reader)
            dues = await self._dues(named, began=began, now=now)
            await self.letters.note(dues, after=None, now=now)
        nobodys = await self.letters.nobodys()
        for start in range(0, len(nobodys), _READERS_MAX):
            named = list(await self.ledger.objects(nobodys[start : start + _READERS_MAX]))
            dues = await self._dues(named, began=began, now=now)
            await self.letters.note(dues, after=None, now=now)

    async def send_due(self, *, now: float, limit: int = BATCH_MAX) -> int:
        """How many were put out. Raises StoreUnavailable; where Stripe is away the rest waits."""
        began, _ = await self.letters.began(now=now, back=RECENT_SECONDS)
        sent = 0
        for key, subscription, tries in await self.letters.due(now=now, limit=limit):
            try:
                sent += await self._send(key, subscription, began=began, now=now)
            except (StripeUnavailable, StripeRefused) as error:
                wait = min(_AGAIN_SECONDS * 2 ** min(tries, 10), _AGAIN_SECONDS_MAX)
                await self.letters.later(key, next_at=now + wait)
                logger(_LOG).warning("letter-waits", letter=key, reason=error.reason)
                if isinstance(error, StripeUnavailable):
                    break
        return sent

    async def _dues(self, entries: Sequence[Entry], *, began: float, now: float) -> list[Due]:
        """What can't be folded keeps nobody else's letters from being found."""
        if not entries:
            return []
        try:
            whole = {each.number: each for each in await self.ledger.objects(_RULES)}
            whole |= {each.number: each for each in await self.ledger.story(entries)}
            return letters(fold(whole.values(), now=now), now=now, began=began)
        except StoreUnavailable:
            raise
        except Exception as error:
            if len(entries) == 1:
                logger(_LOG).error(
                    "life-not-read", entry=entries[0].number, error=type(error).__name__
                )
                return []
            parts = [await self._dues([each], began=began, now=now) for each in entries]
            return [each for part in parts for each in part]

    async def _send(self, key: str, subscription: str, *, began: float, now: float) -> bool:
        entries = await self.ledger.objects([subscription])
        found = {each.key: each for each in await self._dues(entries, began=began, now=now)}
        due = found.get(key)
        if due is None:
            await self.letters.needless(key)
            return False
        card = None
        if due.told is Told.CARD_ENDING:
            card = await self.stripe.card(subscription)
            if card is None or _last_moment(card) >= due.day:
                await self.letters.needless(key)
                return False
        recipient, language = await self._recipient(due)
        if not recipient:
            await self.letters.needless(key)
            return False
        letter = await self._letter(due, card, language)
        also = f"card:{card.id}:{card.year}-{card.month}" if card else ""
        return await self.letters.send(key, recipient, letter, also=also, now=now)

    async def _recipient(self, due: Due) -> tuple[str, str]:
        contact = await self.letters.contact(due.reader_id) if due.reader_id else None
        email, language = contact or ("", "")
        spoken = nearest(language, self.languages)
        if not (email and spoken):
            customer = await self.stripe.customer(due.customer_id)
            email = email or customer.email
            spoken = spoken or nearest(customer.language, self.languages)
        return email, spoken or self.languages[0]

    async def _letter(self, due: Due, card: Card | None, language: str) -> Letter:
        words = self.words
        link = await self.stripe.payment_page(due.invoice_id) if due.invoice_id else ""
        price, per, count = await words.price(due.prices, due.currency, language)
        context: dict[str, Any] = {
            "kind": str(due.told),
            "plan": words.plan(due.prices, language),
            "price": price,
            "per": per,
            "count": count,
            "day": words.day(due.day, language) if due.day else "",
            "trial": due.trial_end is not None,
            "reference": due.subscription_id,
            "withdraw_until": words.withdraw_until(due.made_at, language) if due.made_at else "",
            "money": words.money(due.amount, language) if due.amount else "",
            "card": card.last4 if card else "",
            "link": link,
        }
        return self.mails.mail("life", language, **context)


def _last_moment(card: Card) -> float:
    """Cards end with the last day of their month."""
    last = monthrange(card.year, card.month)[1]
    return datetime(card.year, card.month, last, 23, 59, 59, tzinfo=UTC).timestamp()
