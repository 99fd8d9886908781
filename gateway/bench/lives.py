"""Subscribers' lives as Stripe tells them, and what each ends in: ten events a life. Pure.

What a life ends in is written beside it in so many words, and isn't computed as the fold does: the
two have nothing in common but Stripe's meaning. Every event is a fact of one second, so that its
order is its own and not that of its arrival.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

HOUR, DAY, MONTH = 3600, 86_400, 30 * 86_400
NOON = 1_795_000_000
SLACK, GRACE = 72 * HOUR, 14 * DAY
EVENTS_EACH = 10
GOLD, BOTH = "price_gold", "price_both"
PLANS = """\
[[plan]]
id = "gold"
name = { en = "Gold" }
tiers = ["gold"]
prices = ["price_gold"]
[[plan]]
id = "both"
name = { en = "Gold and silver" }
tiers = ["gold", "silver"]
prices = ["price_both"]
"""
Thing = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Life:
    """``ends``: the moment that each tier ends, 0 where it is closed and can be mended."""

    reader: str
    events: list[Thing]
    ends: dict[str, float]


@dataclass(frozen=True, slots=True)
class _Teller:
    number: int

    @property
    def reader(self) -> str:
        return f"reader-{self.number}"

    def event(self, at: int, kind: str, thing: Thing) -> Thing:
        return {
            "id": f"evt_{self.number}_{at - NOON}_{thing['object']}",
            "object": "event",
            "api_version": "2026-10-28.endive",
            "created": at,
            "data": {"object": thing},
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": kind,
        }

    def subscription(
        self, at: int, status: str, *, month: int = 1, price: str = GOLD, **more: Any
    ) -> Thing:
        starts_at = NOON + (month - 1) * MONTH
        item = {
            "id": f"si_{self.number}",
            "object": "subscription_item",
            "price": {"id": price, "object": "price"},
            "quantity": 1,
            "current_period_start": starts_at,
            "current_period_end": starts_at + MONTH,
        }
        told = "deleted" if status == "canceled" else "updated"
        thing = {
            "id": f"sub_{self.number}",
            "object": "subscription",
            "customer": f"cus_{self.number}",
            "status": status,
            "created": NOON,
            "collection_method": "charge_automatically",
            "items": {"object": "list", "data": [item], "has_more": False},
            **more,
        }
        return self.event(at, f"customer.subscription.{told}", thing)

    def invoice(self, at: int, status: str, *, month: int = 1, amount: int = 900) -> Thing:
        made = NOON + (month - 1) * MONTH
        final = {"finalized_at": None if status == "draft" else made + HOUR}
        kinds = {"draft": "created", "open": "finalized", "paid": "paid"}
        thing = {
            "id": f"in_{self.number}_{month}",
            "object": "invoice",
            "customer": f"cus_{self.number}",
            "status": status,
            "created": made,
            "currency": "eur",
            "total": amount,
            "amount_due": amount,
            "amount_paid": amount if status == "paid" else 0,
            "status_transitions": final,
            "parent": {"subscription_details": {"subscription": f"sub_{self.number}"}},
            "lines": {"object": "list", "data": [{"period": {"end": made + MONTH}}]},
        }
        return self.event(at, f"invoice.{kinds[status]}", thing)

    def plain(self, at: int, kind: str) -> Thing:
        """What is kept and changes nothing."""
        thing = {"id": f"{kind}_{self.number}_{at - NOON}", "object": kind.partition(".")[0]}
        return self.event(at, kind, thing | {"customer": f"cus_{self.number}"})

    def begun(self, price: str = GOLD) -> list[Thing]:
        """Checkout, a month paid: seven events within seven seconds."""
        session = {
            "id": f"cs_{self.number}",
            "object": "checkout.session",
            "customer": f"cus_{self.number}",
            "subscription": f"sub_{self.number}",
            "client_reference_id": self.reader,
            "mode": "subscription",
            "status": "complete",
            "payment_status": "paid",
        }
        return [
            self.plain(NOON, "customer.created"),
            self.subscription(NOON + 1, "incomplete", price=price),
            self.invoice(NOON + 2, "open"),
            self.plain(NOON + 3, "payment_intent.succeeded"),
            self.invoice(NOON + 4, "paid"),
            self.subscription(NOON + 5, "active", price=price),
            self.event(NOON + 6, "checkout.session.completed", session),
        ]

    def quiet(self, count: int) -> list[Thing]:
        return [self.plain(NOON + 10 + each, "payment_method.updated") for each in range(count)]


_SECOND = NOON + MONTH
_Told = tuple[list[Thing], dict[str, float]]


def _bought(told: _Teller) -> _Told:
    return [*told.begun(), *told.quiet(3)], {"gold": _SECOND + SLACK}


def _bought_both(told: _Teller) -> _Told:
    ends = _SECOND + SLACK
    return [*told.begun(BOTH), *told.quiet(3)], {"gold": ends, "silver": ends}


def _renewed(told: _Teller) -> _Told:
    more = [
        told.invoice(_SECOND, "open", month=2),
        told.invoice(_SECOND + 1, "paid", month=2),
        told.subscription(_SECOND + 2, "active", month=2),
    ]
    return [*told.begun(), *more], {"gold": _SECOND + MONTH + SLACK}


def _failing(told: _Teller) -> _Told:
    """Open for the grace of an invoice that was finalised an hour into the second month."""
    more = [
        told.invoice(_SECOND + HOUR, "open", month=2),
        told.subscription(_SECOND + HOUR + 1, "past_due", month=2),
    ]
    return [*told.begun(), *more, *told.quiet(1)], {"gold": _SECOND + HOUR + GRACE}


def _unpaid(told: _Teller) -> _Told:
    more = [
        told.invoice(_SECOND + HOUR, "open", month=2),
        told.subscription(_SECOND + HOUR + 1, "past_due", month=2),
        told.subscription(_SECOND + 20 * DAY, "unpaid", month=2),
    ]
    return [*told.begun(), *more], {"gold": 0}


def _leaving(told: _Teller) -> _Told:
    """Cancelled, and read to the end of what was paid, without slack."""
    end = told.subscription(NOON + DAY, "active", cancel_at_period_end=True)
    return [*told.begun(), end, *told.quiet(2)], {"gold": _SECOND}


def _gone(told: _Teller) -> _Told:
    more = [
        told.subscription(NOON + DAY, "active", cancel_at_period_end=True),
        told.subscription(_SECOND, "canceled"),
    ]
    return [*told.begun(), *more, *told.quiet(1)], {}


def _upgraded(told: _Teller) -> _Told:
    more = told.subscription(NOON + DAY, "active", price=BOTH)
    ends = _SECOND + SLACK
    return [*told.begun(), more, *told.quiet(2)], {"gold": ends, "silver": ends}


_KINDS: tuple[Callable[[_Teller], _Told], ...] = (
    _bought,
    _renewed,
    _failing,
    _leaving,
    _bought_both,
    _unpaid,
    _gone,
    _upgraded,
)


def life(number: int) -> Life:
    told = _Teller(number)
    events, ends = _KINDS[number % len(_KINDS)](told)
    assert len(events) == EVENTS_EACH
    return Life(told.reader, events, ends)


def forgery(number: int) -> Thing:
    """What somebody else would like to be believed: that a reader's subscription is over."""
    told = _Teller(number).subscription(NOON + 3 * MONTH, "canceled")
    return told | {"id": f"evt_forged_{number}"}


def raw(event: Thing, *, again: int = 0) -> bytes:
    """As Stripe writes it; a redelivery's bytes differ from the first's."""
    return json.dumps({**event, "pending_webhooks": 1 + again}, indent=2).encode()
