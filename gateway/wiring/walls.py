"""Walls that know what a subscription costs: the templates, and the catalogue of prices in memory.

The catalogue comes with the news and never with a request. What a wall says of money is part of the
policy's version, so both lanes make their variants anew when it changes, and pay nothing otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gateway.config import Settings
from gateway.model.amount import CannotCompute
from gateway.model.decision import Wall
from gateway.model.price import Price
from gateway.page.offers import Offer, Offers
from gateway.page.templates import Templates
from gateway.page.wall import WallContext

_OF_PLANS = frozenset((Wall.SUBSCRIBE, Wall.UPGRADE))


class Walls:
    def __init__(self, settings: Settings, templates: Templates) -> None:
        self._templates = templates
        self._plans = tuple(
            Offer(
                names=plan.name,
                tiers=frozenset(plan.tiers),
                prices=tuple(plan.offered or plan.prices),
            )
            for plan in settings.plan
        )
        self._tax_is_added = settings.stripe is not None and settings.stripe.automatic_tax
        self._offers = self._made({})

    @property
    def version(self) -> str:
        return self._offers.version

    def take_over(self, prices: Mapping[str, Price]) -> bool:
        """Whether walls say something else from now on."""
        before, self._offers = self._offers, self._made(prices)
        return before.version != self._offers.version

    def draw(self, context: WallContext) -> str:
        """Called in threads, too."""
        if context.wall in _OF_PLANS:
            said = self._offers.said(context.tiers)
            plan = said.offer.name(context.language) if said.offer else ""
            # What a change of plan costs depends on the plan that its reader has.
            price = self._sentence(said.price, context) if context.wall is Wall.SUBSCRIBE else ""
            context = replace(context, plan=plan, price=price)
        return self._templates.wall(context)

    def _made(self, prices: Mapping[str, Price]) -> Offers:
        return Offers(self._plans, prices, tax_is_added=self._tax_is_added)

    def _sentence(self, price: Price | None, context: WallContext) -> str:
        if price is None or price.amount is None:
            return ""
        try:
            major = price.amount.major
        except CannotCompute:
            return ""
        by = "month" if price.monthly else "year"
        currency = price.amount.currency.upper()
        return self._templates.price(major, currency, language=context.language, by=by)
