"""What a wall may say of money: the plan that opens a page, and the least that it costs.

Pure, and the same for whoever meets the wall: nothing here knows a reader or their currency. A price
to which tax is yet to be added is never shown as if it were all there is to pay.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.model.price import Price


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A plan on sale: its ``names`` by language, the ``tiers`` it opens, its ``prices``' ids."""

    names: Mapping[str, str]
    tiers: frozenset[str]
    prices: tuple[str, ...]

    def name(self, language: str) -> str:
        """In that language, else in its first one."""
        base = language.partition("-")[0]
        return self.names.get(language) or self.names.get(base) or next(iter(self.names.values()))


@dataclass(frozen=True, slots=True)
class Said:
    """``price`` is None where none is known that may be shown; ``offer`` where several plans open the
    page and none is the cheapest that is known."""

    offer: Offer | None
    price: Price | None


class Offers:
    """``offers`` in the order of the config; ``prices`` as the catalogue has them. ``tax_is_added``:
    Stripe adds it to prices that don't say of themselves that they include it."""

    def __init__(
        self, offers: Sequence[Offer], prices: Mapping[str, Price], *, tax_is_added: bool
    ) -> None:
        self._offers = tuple(offers)
        self._tax_is_added = tax_is_added
        self._prices = {
            each: prices[each]
            for offer in offers
            for each in offer.prices
            if each in prices and self._shown(prices[each])
        }
        told = "|".join(
            f"{each.id}>{each.amount}>{each.interval}>{each.interval_count}"
            for each in self._prices.values()
        )
        # As long as walls say nothing of money there is nothing to tell apart.
        self.version = hashlib.sha256(told.encode()).hexdigest()[:16] if told else ""

    def _shown(self, price: Price) -> bool:
        if not price.active or price.amount is None or price.tax_behavior == "exclusive":
            return False
        whole = price.tax_included or not self._tax_is_added
        return whole and (price.monthly or price.yearly) and price.amount.minor > 0

    def said(self, tiers: Sequence[str]) -> Said:
        """Of a page that these ``tiers`` open; without any, every plan does."""
        opening = [each for each in self._offers if not tiers or not each.tiers.isdisjoint(tiers)]
        priced = [
            (self._prices[price_id], offer)
            for offer in opening
            for price_id in offer.prices
            if price_id in self._prices
        ]
        by_month = [each for each in priced if each[0].monthly] or priced
        if not by_month:
            return Said(opening[0] if len(opening) == 1 else None, None)
        # Amounts in two currencies can't be compared: the config's first is the site's own.
        first = by_month[0][0].amount
        price, offer = min(
            (each for each in by_month if _currency(each[0]) == (first and first.currency)),
            key=lambda each: _minor(each[0]),
        )
        return Said(offer, price)


def _currency(price: Price) -> str | None:
    return price.amount.currency if price.amount else None


def _minor(price: Price) -> int:
    return price.amount.minor if price.amount else 0
