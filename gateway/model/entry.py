"""One entry of the ledger, and the hash that chains it to the one before.

Everything that the fold needs stands in ``facts``; what could name a person stands in the payload
alone, which is kept elsewhere under a key of its own. So the chain proves itself, and entitlements
are rebuilt, after a payload is gone. This file knows neither Stripe's shapes nor any store.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Any


class Source(StrEnum):
    """Who said it."""

    WEBHOOK = "webhook"  # Stripe sent an event: a hint, with a snapshot that may be old
    API = "api"  # we asked Stripe, and this is its answer: the truth when it was asked
    RECONCILE = "reconcile"  # a reconcile found it: such an answer, or an event that was missed
    OPERATOR = "operator"  # an act of ours: plans, settings, grants, bindings, erasures


# The kind of an entry that is Stripe's answer. An event that a reconcile found has its own kind.
FETCHED = "fetched"

GENESIS = "0" * 64  # what the first entry names as the hash before it

ID_MAX = 255
KIND_MAX = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An entry before it has a number.

    ``event_id`` is what makes it idempotent: Stripe's own, or one that the writer derives from what
    it says. ``observed_at`` is when its facts were true by Stripe's clock: the event's ``created``,
    or the ``Date`` of Stripe's answer; for our own acts, when they were done. ``reader`` is the id
    of an account, which leads to nobody once that account is gone. ``amount_minor`` is None where
    no money is spoken of. ``hint``: its object is to be fetched, for what is said here may be old by the
    time it comes.
    """

    event_id: str
    source: Source
    kind: str
    observed_at: float
    livemode: bool | None = None
    account: str = ""
    api_version: str = ""
    object_type: str = ""
    object_id: str = ""
    customer_id: str = ""
    subscription_id: str = ""
    invoice_id: str = ""
    charge_id: str = ""
    payment_id: str = ""
    amount_minor: int | None = None
    currency: str = ""
    reader: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    payload: bytes = field(default=b"", repr=False)
    hint: bool = False

    @property
    def payload_sha256(self) -> str:
        return hashlib.sha256(self.payload).hexdigest()

    @property
    def key_owner(self) -> str:
        return key_owner(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A draft that was appended. ``facts`` is canonical JSON, as it was hashed. ``at`` is our clock."""

    number: int
    at: float
    event_id: str
    source: Source
    kind: str
    observed_at: float
    livemode: bool | None
    account: str
    api_version: str
    object_type: str
    object_id: str
    customer_id: str
    subscription_id: str
    invoice_id: str
    charge_id: str
    payment_id: str
    amount_minor: int | None
    currency: str
    reader: str
    facts: str
    payload_sha256: str
    previous_hash: str
    hash: str

    @property
    def said(self) -> Any:
        """The facts, read."""
        return json.loads(self.facts)

    @property
    def fetched(self) -> bool:
        return self.kind == FETCHED and self.source in (Source.API, Source.RECONCILE)


def key_owner(said: Draft | Entry) -> str:
    """Whose key seals the payload: a customer's where one is named, else the payment's or its own."""
    return (
        said.customer_id
        or said.reader
        or said.payment_id
        or said.charge_id
        or said.object_id
        or said.event_id
    )


_COPIED = tuple(each.name for each in fields(Entry) if each.name in Draft.__slots__)


def canonical(value: object) -> str:
    """JSON that has one spelling. Raises ValueError for what JSON can't say."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def hash_of(entry: Entry) -> str:
    """Over every field but the hash itself, names included, so that nothing can move or be left out."""
    said = {each.name: getattr(entry, each.name) for each in fields(entry) if each.name != "hash"}
    return hashlib.sha256(canonical(said).encode("ascii")).hexdigest()


def chained(draft: Draft, *, number: int, previous_hash: str, at: float) -> Entry:
    """The entry that a draft becomes as number ``number``."""
    copied = {name: getattr(draft, name) for name in _COPIED}
    copied["facts"] = canonical(draft.facts)
    # 1 and 1.0 are equal, yet not written alike, and a database gives back the latter.
    copied["observed_at"] = float(draft.observed_at)
    entry = Entry(
        **copied,
        number=number,
        at=float(at),
        payload_sha256=draft.payload_sha256,
        previous_hash=previous_hash,
        hash="",
    )
    return replace(entry, hash=hash_of(entry))


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry's number and hash: who wrote them down elsewhere can find a cut tail."""

    number: int = 0
    hash: str = GENESIS

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"


@dataclass(frozen=True, slots=True)
class Appended:
    """What became of a draft. ``new`` is False for an event id that the ledger had already."""

    number: int
    new: bool
