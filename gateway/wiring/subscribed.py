"""What an account has, as its page says it: what is paid for, until when, what comes next, what was given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.config import Settings
from gateway.identity.accounts import Account, Paid
from gateway.model.amount import Amount
from gateway.model.price import Price
from gateway.model.subscription import Status, Subscription
from gateway.money.folding.held import Held
from gateway.money.folding.subscriptions import Course
from gateway.money.selling.owning import Owned, owned_by
from gateway.page.templates import Templates
from gateway.stores.engine import Store
from gateway.stores.ledger import Ledger
from gateway.stores.prices import Prices
from gateway.wiring.plans import plans_of
from gateway.wiring.words import Words

_ENDLESS_SECONDS = 3e9


class Subscribed:
    """Implements ``login.account.Subscriptions``: what a reader pays for, and what they were given."""

    def __init__(self, settings: Settings, *, store: Store, templates: Templates) -> None:
        self._words, self._templates = Words(settings), templates
        self._plans = plans_of(settings)
        self._ledger, self._prices = Ledger(store), Prices(store)

    async def shown(self, account: Account, language: str, now: float) -> Paid:
        owned = await owned_by(self._ledger, account.id, now=now)
        held = [each for each in owned.held if each.standing.course is not Course.ENDED]
        prices = await self._prices.all() if held else {}
        shown = [self._subscription(each, owned, prices, language, now) for each in held]
        paid = await self._paid(account)
        for given in account.entitlements:
            if given.opens(now) and paid.isdisjoint(given.entries):
                endless = given.ends_at >= now + _ENDLESS_SECONDS
                shown.append(
                    {
                        "plan": self._of_tier(given.tier, language),
                        "until": "" if endless else self._words.day(given.ends_at, language),
                        "mendable": False,
                        "paid": False,
                        "lines": [self._text("account.offered", language)] if endless else [],
                    }
                )
        return Paid(shown, "" if shown else self._ended(owned, language))

    def _ended(self, owned: Owned, language: str) -> str:
        over = [each for each in owned.held if each.subscription.status == Status.CANCELED]
        last = max(over, key=_ended_at, default=None)
        if last is None or not _ended_at(last):
            return ""
        day = self._words.day(_ended_at(last), language)
        return self._text("account.ended", language, plan=self._name(last, language), day=day)

    async def _paid(self, account: Account) -> set[int]:
        """The entries behind what is held that speak of a subscription. Asked of the entries
        themselves: newer ones of the same subscription may be in the ledger by now, and unfolded."""
        numbers = {number for each in account.entitlements for number in each.entries}
        found = await self._ledger.entries(numbers) if numbers else ()
        return {entry.number for entry in found if entry.subscription_id}

    def _subscription(
        self, held: Held, owned: Owned, prices: Mapping[str, Price], language: str, now: float
    ) -> dict[str, Any]:
        ends = [each.ends_at for each in held.standing.openings if each.ends_at is not None]
        closed = not ends or max(ends) <= now
        return {
            "plan": self._name(held, language),
            "reference": held.subscription.id,
            "until": "",
            "mendable": closed and any(each.mendable for each in held.standing.openings),
            "paid": held.standing.course is not Course.ENDING,
            "lines": []
            if closed
            else self._lines(
                held, owned.asked.get(held.subscription.id), prices, language, max(ends)
            ),
        }

    def _lines(
        self,
        held: Held,
        asked: Amount | None,
        prices: Mapping[str, Price],
        language: str,
        ends_at: float,
    ) -> list[str]:
        subscription, course = held.subscription, held.standing.course
        periods = [item.ends_at for item in subscription.items if item.ends_at is not None]
        lines = []
        if course is Course.ENDING:
            return [self._text("account.ends", language, day=self._words.day(ends_at, language))]
        if course is Course.IN_GRACE:
            lines.append(
                self._text("account.grace", language, day=self._words.day(ends_at, language))
            )
        if subscription.status == "trialing" and subscription.trial_end:
            day = self._words.day(float(subscription.trial_end), language)
            lines.append(self._text("account.trial", language, day=day))
        if course is Course.RUNNING and periods:
            day = self._words.day(float(min(periods)), language)
            amount = _expected(subscription, asked, prices)
            told = {"amount": self._words.money(amount, language)} if amount else {}
            key = "account.next.amount" if amount else "account.next"
            lines.append(self._text(key, language, day=day, **told))
        for item in subscription.items:
            price = prices.get(item.price)
            if price is not None and price.amount is not None and price.interval:
                key = f"plans.per.{price.interval}{'s' if price.interval_count > 1 else ''}"
                lines.append(
                    self._text(
                        "account.rate",
                        language,
                        amount=self._words.money(price.amount, language),
                        period=self._text(key, language, count=price.interval_count),
                    )
                )
        return lines

    def _name(self, held: Held, language: str) -> str:
        """Of what no plan names, the price itself."""
        theirs = [item.price for item in held.subscription.items]
        for plan in self._plans:
            if not set(theirs).isdisjoint(plan.prices):
                return plan.name(language)
        return ", ".join(dict.fromkeys(theirs))

    def _of_tier(self, tier: str, language: str) -> str:
        smallest = sorted(self._plans, key=lambda plan: len(plan.tiers))
        return next((plan.name(language) for plan in smallest if tier in plan.tiers), tier)

    def _text(self, key: str, language: str, **values: object) -> str:
        return self._templates.text(key, language, **values)


def _ended_at(held: Held) -> float:
    return float(held.subscription.ended_at or 0)


def _expected(
    subscription: Subscription, asked: Amount | None, prices: Mapping[str, Price]
) -> Amount | None:
    """What the next period will ask for: its price, where the one before was asked just that. What
    Stripe takes off or adds isn't in the ledger, and a wrong sum is worse than none."""
    if asked is None or subscription.more_items or len(subscription.items) != 1:
        return None
    (item,) = subscription.items
    price = prices.get(item.price)
    amount = price.within(asked.currency) if price else None
    if amount is None or asked.minor != amount.minor * item.quantity:
        return None
    return asked
