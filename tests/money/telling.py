"""Stories for the fold, told in Stripe's own shapes and read by the parser that reads the real ones.

``told`` numbers drafts in the order of their arrival; ``outcome`` is a fold without what arrival may
change: entries are named by event, not by number.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from gateway.model.entry import GENESIS, Draft, Entry, Source, chained
from gateway.model.mark import State
from gateway.money.entries import acts
from gateway.money.entries.parse import parse
from gateway.money.entries.shapes import described
from gateway.money.folding.fold import Folded, fold

NOON = 1_800_000_000
HOUR = 3600
DAY = 86400
MONTH = 30 * DAY

PLANS = acts.plans({"price_gold": ["gold"], "price_both": ["gold", "silver"]}, at=0.0)
SETTINGS = acts.settings({"livemode": False, "account": "acct_us"}, at=0.0)
BIND = acts.bind("cus_1", "ana", by="checkout", at=0.0)
ACTS = [PLANS, SETTINGS, BIND]


def event(
    event_id: str, thing: dict[str, Any], *, at: int = NOON, kind: str = "", **changed: Any
) -> Draft:
    """As a webhook brings it."""
    envelope = {
        "id": event_id,
        "object": "event",
        "type": kind or f"{thing['object']}.updated",
        "created": at,
        "livemode": False,
        "data": {"object": thing},
    }
    return parse(json.dumps(envelope | changed).encode())


def thin(event_id: str, kind: str, object_id: str, *, at: str) -> Draft:
    envelope = {
        "id": event_id,
        "object": "v2.core.event",
        "type": f"v1.customer.{kind}.updated",
        "created": at,
        "livemode": False,
        "related_object": {"id": object_id, "type": kind},
    }
    return parse(json.dumps(envelope).encode())


def fetched(thing: dict[str, Any], *, at: int = NOON, source: Source = Source.API) -> Draft:
    """As Stripe answers when it is asked."""
    return Draft(
        event_id=f"fetch:{thing['id']}:{at}:{len(json.dumps(thing))}",
        source=source,
        kind="fetched",
        observed_at=at,
        livemode=False,
        **described(thing),
    )


def item(price: str = "price_gold", **changed: Any) -> dict[str, Any]:
    return {
        "id": f"si_{price}",
        "price": {"id": price},
        "quantity": 1,
        "current_period_start": NOON,
        "current_period_end": NOON + MONTH,
    } | changed


def subscription(status: str = "active", **changed: Any) -> dict[str, Any]:
    items = changed.pop("items", [item()])
    return {
        "id": "sub_1",
        "object": "subscription",
        "customer": "cus_1",
        "status": status,
        "created": NOON,
        "collection_method": "charge_automatically",
        "items": {"data": items, "has_more": False},
    } | changed


def invoice(number: int = 1, status: str = "paid", **changed: Any) -> dict[str, Any]:
    """The ``number``-th of a monthly subscription, made at the beginning of its month."""
    made = NOON + (number - 1) * MONTH
    of = changed.pop("subscription", "sub_1")
    paid = {"amount_paid": 900} if status == "paid" else {"amount_paid": 0}
    return (
        {
            "id": f"in_{number}",
            "object": "invoice",
            "customer": "cus_1",
            "status": status,
            "created": made,
            "currency": "eur",
            "total": 900,
            "amount_due": 900,
            "status_transitions": {"finalized_at": None if status == "draft" else made + HOUR},
            "parent": {"subscription_details": {"subscription": of}},
            "lines": {"data": [{"period": {"end": made + MONTH}}]},
        }
        | paid
        | changed
    )


def payment(number: int = 1) -> dict[str, Any]:
    """What payment paid the ``number``-th invoice."""
    return {
        "id": f"inpay_{number}",
        "object": "invoice_payment",
        "invoice": f"in_{number}",
        "status": "paid",
        "amount_paid": 900,
        "currency": "eur",
        "payment": {"type": "payment_intent", "payment_intent": f"pi_{number}"},
    }


def charge(number: int = 1, refunded: int = 0, **changed: Any) -> dict[str, Any]:
    return {
        "id": f"ch_{number}",
        "object": "charge",
        "customer": "cus_1",
        "payment_intent": f"pi_{number}",
        "amount": 900,
        "amount_refunded": refunded,
        "refunded": refunded == 900,
        "currency": "eur",
    } | changed


def refund(number: int = 1, amount: int = 900, status: str = "succeeded") -> dict[str, Any]:
    return {
        "id": f"re_{number}",
        "object": "refund",
        "charge": f"ch_{number}",
        "payment_intent": f"pi_{number}",
        "amount": amount,
        "status": status,
        "currency": "eur",
    }


def dispute(number: int = 1, status: str = "needs_response") -> dict[str, Any]:
    return {
        "id": f"dp_{number}",
        "object": "dispute",
        "charge": f"ch_{number}",
        "payment_intent": f"pi_{number}",
        "amount": 900,
        "status": status,
        "currency": "eur",
    }


def warning(number: int = 1) -> dict[str, Any]:
    return {
        "id": f"issfr_{number}",
        "object": "radar.early_fraud_warning",
        "charge": f"ch_{number}",
        "payment_intent": f"pi_{number}",
    }


def checkout(reader: str = "ana", **changed: Any) -> dict[str, Any]:
    return {
        "id": "cs_1",
        "object": "checkout.session",
        "customer": "cus_1",
        "subscription": "sub_1",
        "client_reference_id": reader,
        "mode": "subscription",
        "status": "complete",
        "payment_status": "paid",
    } | changed


def told(drafts: Iterable[Draft]) -> list[Entry]:
    entries: list[Entry] = []
    for number, draft in enumerate(drafts, 1):
        before = entries[-1].hash if entries else GENESIS
        entries.append(chained(draft, number=number, previous_hash=before, at=float(NOON + number)))
    return entries


def folded(drafts: Sequence[Draft], *, before: Sequence[Draft] = ACTS, now: float = NOON) -> Folded:
    return fold(told([*before, *drafts]), now=now)


Outcome = dict[str, list[tuple[str, float, bool, tuple[str, ...]]]]


def outcome(
    drafts: Sequence[Draft], *, before: Sequence[Draft] = ACTS, now: float = NOON
) -> tuple[Outcome, dict[str, tuple[State, str]]]:
    """Entitlements and marks, in words that don't depend on who came first."""
    entries = told([*before, *drafts])
    names = {entry.number: entry.event_id for entry in entries}
    found = fold(entries, now=now)
    entitlements = {
        reader: sorted(
            (each.tier, each.ends_at, each.mendable, tuple(sorted(names[n] for n in each.entries)))
            for each in held
        )
        for reader, held in found.entitlements.items()
    }
    return entitlements, {names[n]: (mark.state, mark.reason) for n, mark in found.marks.items()}


def ends(drafts: Sequence[Draft], *, before: Sequence[Draft] = ACTS) -> dict[str, float]:
    """Until when Ana reads each tier; 0 for one that is closed and mendable."""
    held = folded(drafts, before=before).entitlements["ana"]
    assert all(each.mendable for each in held if each.ends_at == 0)
    return {each.tier: each.ends_at for each in held}
