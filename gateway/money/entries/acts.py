"""Our own entries: what this gateway or its operators did. Drafts of them, and their reading. Pure.

They come from one ledger, so their numbers are their order; nothing of Stripe's is ever ordered so.
A reason that somebody typed may name a person: it goes into the payload, which can be erased.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from hashlib import sha256
from typing import Any

from gateway.model.entry import Draft, Entry, Source, canonical
from gateway.model.finding import Finding, key_of
from gateway.model.mark import Why

RECONCILE = "reconcile"  # what the acts of reconciles are about
CHECKOUT = "checkout"  # by whom a customer is bound that was made for a reader
FOREVER = 32_503_680_000.0  # the year 3000
# What leads from one entry to others of the same story.
_LEADS = ("customer_id", "subscription_id", "invoice_id", "charge_id", "payment_id", "reader")


class Act(StrEnum):
    PLANS = "plans"  # a version of [[plan]] was applied
    SETTINGS = "settings"  # a version of [stripe], with the account and mode that it is pinned to
    BIND = "bind"  # a customer is a reader's
    UNBIND = "unbind"  # and no longer
    GRANT = "grant"  # a tier is given for nothing, until a moment
    REVOKE = "revoke"  # what was given so is taken back
    ERASED = "erased"  # a reader asked to be forgotten
    MISSING = "missing"  # Stripe said 404 to an object that we know
    UNLINKED = "unlinked"  # Stripe said that no invoice was paid by a payment
    BY_HAND = "by-hand"  # what a request to leave asks for couldn't be done by itself
    STOPPED = (
        "stopped"  # a reconcile would have closed too much, and wrote nothing of what it found
    )
    RECONCILED = "reconciled"  # the first after such a one that went through
    MERGED = "merged"  # a person's two accounts became one; what it moves are acts of their own
    # What is done in the console about what needs a person. None of them gives or takes anything.
    REVIEWED = "reviewed"  # somebody has looked at an entry
    RETRIED = "retried"  # somebody had an entry applied again
    NOTED = "noted"  # a note to a piece of work
    ASSIGNED = "assigned"  # a piece of work is somebody's
    DONE = "done"  # and done
    COUNTED = "counted"  # Stripe's own counts and sums of a day
    SIGNED = "signed"  # a day's sums were found right


DESK_WORK = frozenset(
    (
        Act.REVIEWED,
        Act.RETRIED,
        Act.NOTED,
        Act.ASSIGNED,
        Act.DONE,
        Act.COUNTED,
        Act.SIGNED,
    )
)


def _act(
    act: Act,
    at: float,
    facts: Mapping[str, Any],
    *,
    reason: str = "",
    source: Source = Source.OPERATOR,
    **ids: str,
) -> Draft:
    """Its id is derived of all that it says, its moment too: the same act twice is one entry."""
    said = canonical([str(act), at, facts, reason, ids])
    return Draft(
        event_id=f"{act}:{sha256(said.encode()).hexdigest()[:40]}",
        source=source,
        kind=act,
        observed_at=at,
        facts=facts,
        payload=reason.encode(),
        **ids,  # type: ignore[arg-type]  # names of Draft's strings
    )


def plans(prices: Mapping[str, Sequence[str]], *, at: float) -> Draft:
    """``prices``: the tiers that each price opens, of all plans together."""
    facts = {"prices": {price: sorted(tiers) for price, tiers in prices.items()}}
    return _act(Act.PLANS, at, facts, object_id=str(Act.PLANS))


def settings(values: Mapping[str, Any], *, at: float) -> Draft:
    """``values`` as ``rules.Rules`` names them."""
    return _act(Act.SETTINGS, at, dict(values), object_id=str(Act.SETTINGS))


def bind(customer: str, reader: str, *, by: str, at: float, reason: str = "") -> Draft:
    return _act(Act.BIND, at, {"by": by}, reason=reason, customer_id=customer, reader=reader)


def unbind(customer: str, reader: str, *, by: str, at: float, reason: str = "") -> Draft:
    return _act(Act.UNBIND, at, {"by": by}, reason=reason, customer_id=customer, reader=reader)


def grant(reader: str, tier: str, *, until: float | None, by: str, at: float, reason: str) -> Draft:
    facts = {"tier": tier, "until": until, "by": by}
    return _act(Act.GRANT, at, facts, reason=reason, reader=reader)


def revoke(reader: str, tier: str, *, by: str, at: float, reason: str) -> Draft:
    """Of an empty ``tier``: all that was ever granted. What is paid for is ended at Stripe."""
    return _act(Act.REVOKE, at, {"tier": tier, "by": by}, reason=reason, reader=reader)


def erased(reader: str, *, by: str, at: float) -> Draft:
    return _act(Act.ERASED, at, {"by": by}, reader=reader)


def missing(object_type: str, object_id: str, *, at: float, source: Source = Source.API) -> Draft:
    """Absence from a list is none: only Stripe's 404 to the very id is."""
    subscription = object_id if object_type == "subscription" else ""
    return _act(
        Act.MISSING,
        at,
        {"id": object_id},
        source=source,
        object_type=object_type,
        object_id=object_id,
        subscription_id=subscription,
    )


def unlinked(payment: str, charge: str, *, at: float) -> Draft:
    return _act(
        Act.UNLINKED,
        at,
        {"payment": payment, "charge": charge},
        source=Source.API,
        payment_id=payment,
        charge_id=charge,
    )


def by_hand(
    subscription: str, *, way: str, request: str, sums: Sequence[tuple[int, str]], at: float
) -> Draft:
    """``sums``: what is to be paid back. Without any, the subscription is to be ended."""
    facts = {"way": way, "request": request, "sums": [[minor, of] for minor, of in sums]}
    return _act(Act.BY_HAND, at, facts, subscription_id=subscription)


def stopped(*, closing: int, held_open: int, at: float) -> Draft:
    """How many of the entitlements that are open would have closed."""
    facts = {"closing": closing, "open": held_open}
    return _reconcile(Act.STOPPED, facts, at=at)


def reconciled(*, at: float) -> Draft:
    return _reconcile(Act.RECONCILED, {}, at=at)


def _reconcile(act: Act, facts: Mapping[str, Any], *, at: float) -> Draft:
    source = Source.RECONCILE
    return _act(act, at, facts, source=source, object_type=RECONCILE, object_id=RECONCILE)


def merged(
    kept: str, gone: str, moved: Mapping[str, Any], *, by: str, at: float, reason: str
) -> Draft:
    """``gone``'s ways to log in, customers and grants are ``kept``'s now; ``moved`` names them all, so
    that it can be undone."""
    facts = {"from": gone, "by": by, **moved}
    return _act(Act.MERGED, at, facts, reason=reason, reader=kept, object_id=f"reader:{gone}")


def reviewed(
    act: Act, entry: Entry, *, by: str, at: float, note: str, failed: bool = False
) -> Draft:
    """``act``: reviewed or retried. It bears the ids of what was looked at, so that it stands in the same
    story; but for an entry that couldn't be folded, whose fault it would share."""
    facts = {"number": entry.number, "by": by}
    ids = {} if failed else {name: getattr(entry, name) for name in _LEADS}
    return _act(act, at, facts, reason=note, object_id=f"entry:{entry.number}", **ids)


def named(entry: Entry) -> tuple[str, str]:
    """What acts about an entry alone bear as their ``object_id``: looked at, and worked on as failed."""
    return f"entry:{entry.number}", key_of(Why.FAILED, entry.event_id)


def worked(
    act: Act, finding: Finding, *, by: str, at: float, note: str = "", to: str = ""
) -> Draft:
    """``act``: noted, assigned (``to`` an operator's address, or nobody) or done. What couldn't be folded
    is named by no id: the act would be caught in the same fault."""
    ids = {name: getattr(finding, name) for name in _LEADS if hasattr(finding, name)}
    known = {} if finding.why is Why.FAILED else ids
    return _act(act, at, {"by": by, "to": to}, reason=note, object_id=finding.key, **known)


def counted(day: str, sums: Mapping[str, Any], *, by: str, at: float) -> Draft:
    """What Stripe answered when it was asked for a day."""
    facts = {"by": by, **sums}
    return _act(Act.COUNTED, at, facts, source=Source.API, object_id=f"day:{day}")


def signed(day: str, sums: Mapping[str, Any], *, by: str, at: float, note: str) -> Draft:
    """``sums`` as they stood before the eyes of who signed."""
    return _act(Act.SIGNED, at, {"by": by, **sums}, reason=note, object_id=f"day:{day}")
