"""One Stripe account in memory: its objects in tables, their ids, what happened, what falls due.

Objects are dicts as the API sends them, other objects in them by id. What Stripe knows but doesn't
show stands in ``backstage`` under the object's id. Must not know how objects are made or change,
nor any HTTP: it keeps, finds and tells.
"""

from __future__ import annotations

import heapq
import secrets
import string
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from gateway.demo.stripe.clock import MovableClock
from gateway.demo.stripe.refused import Refused, missing

Thing: TypeAlias = dict[str, Any]

API_VERSION = "2026-10-28.endive"
DAY = 86_400
_ALPHABET = string.ascii_letters + string.digits
# How an object is called in "No such …" where that isn't its type with spaces.
_CALLED = {"payment_method": "PaymentMethod", "promotion_code": "promotion code"}


@dataclass(slots=True)
class Settings:
    """What a publisher sets in the dashboard."""

    after_last_failure: str = "cancel"  # or "unpaid", "past_due"
    retry_days: tuple[int, ...] = (3, 7, 14)
    draft_seconds: int = 3600
    flexible_billing: bool = True
    name: str = "Le Fanal"
    country: str = "FR"
    currency: str = "eur"


@dataclass(slots=True)
class RequestNote:
    """The API request in hand, for the events that it causes."""

    request_id: str
    idempotency_key: str | None


@dataclass(slots=True)
class Account:
    """``heard`` is called with each new event, and must not raise."""

    url: str
    clock: MovableClock
    settings: Settings = field(default_factory=Settings)
    livemode: bool = False
    tables: dict[str, dict[str, Thing]] = field(default_factory=dict)
    backstage: dict[str, Thing] = field(default_factory=dict)
    agenda: list[tuple[float, int, str, str]] = field(default_factory=list)
    request: RequestNote | None = None
    heard: Callable[[Thing], None] = lambda _: None
    id: str = ""
    _count: int = 0

    def __post_init__(self) -> None:
        self.id = self.new_id("acct", 16)

    def now(self) -> int:
        return int(self.clock.now())

    def new_id(self, prefix: str, length: int = 24) -> str:
        letters = (_ALPHABET[byte % len(_ALPHABET)] for byte in secrets.token_bytes(length))
        return f"{prefix}_{''.join(letters)}"

    def add(self, thing: Thing) -> Thing:
        self.tables.setdefault(thing["object"], {})[thing["id"]] = thing
        return thing

    def all(self, name: str) -> list[Thing]:
        """Newest first, as lists are; objects of one second keep the order of their making."""
        return list(reversed(self.tables.get(name, {}).values()))

    def get(self, name: str, thing_id: str | None) -> Thing | None:
        return self.tables.get(name, {}).get(thing_id or "")

    def find(self, name: str, thing_id: str, *, param: str = "") -> Thing:
        """The object; 404 when ``thing_id`` is the path's, 400 when it came as ``param``."""
        thing = self.get(name, thing_id)
        if thing is None:
            called = _CALLED.get(name, name.replace("_", " "))
            raise missing(called, thing_id, param=param, status=400 if param else 404)
        return thing

    def named(self, name: str, thing_id: str | None) -> Thing:
        """An object that must be there, since we wrote the id ourselves."""
        thing = self.get(name, thing_id)
        assert thing is not None, f"{name} {thing_id}"
        return thing

    def at(self, moment: float, action: str, thing_id: str) -> None:
        """Do ``action`` when ``moment`` comes; the action itself sees whether it still holds."""
        self._count += 1
        heapq.heappush(self.agenda, (moment, self._count, action, thing_id))

    def tell(self, kind: str, thing: Thing, previous: Thing | None = None) -> Thing:
        """Write an event with the object as it stands now."""
        data: Thing = {"object": copied(thing)}
        if previous is not None:
            data["previous_attributes"] = previous
        note = self.request
        event = self.add(
            {
                "id": self.new_id("evt"),
                "object": "event",
                "api_version": API_VERSION,
                "created": self.now(),
                "data": data,
                "livemode": self.livemode,
                "pending_webhooks": 0,
                "request": {
                    "id": note.request_id if note else None,
                    "idempotency_key": note.idempotency_key if note else None,
                },
                "type": kind,
            }
        )
        self.heard(event)
        return event

    @contextmanager
    def changing(self, thing: Thing, kind: str) -> Iterator[None]:
        """Tell ``kind`` with the former values once the block is through; nothing if none changed."""
        before = copied(thing)
        yield
        previous = difference(before, thing)
        if previous:
            self.tell(kind, thing, previous)


def copied(thing: Thing) -> Thing:
    """A copy of what JSON can say, all the way down."""
    return {key: _copied(value) for key, value in thing.items()}


def _copied(said: Any) -> Any:
    if isinstance(said, dict):
        return copied(said)
    return [_copied(each) for each in said] if isinstance(said, list) else said


def difference(before: Thing, after: Thing) -> Thing:
    """The former values of what changed; of a hash only its changed keys, of a list all."""
    changed: Thing = {}
    for key in before.keys() | after.keys():
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            changed[key] = difference(old, new)
        else:
            changed[key] = old
    return changed


def absorb(thing: Thing, params: Thing, keys: tuple[str, ...]) -> None:
    """Set the plain parameters that were sent; metadata is merged, and an empty value unsets."""
    for key in keys:
        if key in params:
            thing[key] = params[key]
    if "metadata" in params:
        merge_metadata(thing, params["metadata"])


def merge_metadata(thing: Thing, sent: dict[str, str] | None) -> None:
    kept = {} if sent is None else thing["metadata"] | sent
    thing["metadata"] = {key: value for key, value in kept.items() if value}
    if len(thing["metadata"]) > 50:
        raise Refused("You can have up to 50 metadata keys.", param="metadata")
