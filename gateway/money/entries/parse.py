"""A webhook's raw bytes as a draft for the ledger. Every kind of event is kept; only what isn't an
event at all is refused: what isn't one JSON object in UTF-8, names a key twice (two readers of it
could see two different payments), or is over 1 MB. Pure: no store, no clock, no Stripe client.

Snapshot events (``object: event``) carry the object as it was; thin ones (``object: v2.core.event``,
``created`` in ISO 8601) only say where to look.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from gateway.errors import WebhookRefused
from gateway.model.entry import Draft, Source
from gateway.money.entries.fields import identifier, mapping, word
from gateway.money.entries.kinds import hints
from gateway.money.entries.shapes import described

BYTES_MAX = 1_000_000
THIN = "thin"  # in the facts of an entry whose object has to be fetched
_BOM = b"\xef\xbb\xbf"
_SECONDS_MAX = 1 << 40


class NoEvent(StrEnum):
    """Why signed bytes are no event. Closed: each is logged and counted."""

    TOO_LARGE = "too-large"  # over 1 MB
    NOT_JSON = "not-json"  # not UTF-8, a byte order mark, or not JSON
    DOUBLED_KEY = "doubled-key"  # one name twice in one object
    NOT_AN_EVENT = "not-an-event"  # a list, or without an id, a type or a time


def parse(raw: bytes) -> Draft:
    """Raises WebhookRefused."""
    event = read_object(raw)
    event_id, kind = identifier(event.get("id")), identifier(event.get("type"))
    created = _seconds(event.get("created"))
    if not event_id or not kind or created is None:
        raise WebhookRefused(NoEvent.NOT_AN_EVENT)
    envelope: dict[str, Any] = {
        "event_id": event_id,
        "source": Source.WEBHOOK,
        "kind": kind,
        "observed_at": created,
        "livemode": event["livemode"] if isinstance(event.get("livemode"), bool) else None,
        # Connect: whose account it happened in. Events of our own name none.
        "account": identifier(event.get("account")) or identifier(event.get("context")),
        "api_version": word(event.get("api_version"))[:40],
        "payload": raw,
    }
    thin = event.get("object") == "v2.core.event"
    said = _thin(event) if thin else described(mapping(mapping(event.get("data")).get("object")))
    to_fetch = bool(said["object_id"]) and hints(kind, said["object_type"], thin=thin)
    return Draft(**envelope, **said, hint=to_fetch)


def read_object(raw: bytes) -> Mapping[str, Any]:
    """One JSON object. Raises WebhookRefused."""
    if len(raw) > BYTES_MAX:
        raise WebhookRefused(NoEvent.TOO_LARGE)
    if raw.startswith(_BOM):
        raise WebhookRefused(NoEvent.NOT_JSON)
    try:
        read = _DECODER.decode(raw.decode("utf-8"))
    except (ValueError, RecursionError):  # UnicodeDecodeError is a ValueError
        raise WebhookRefused(NoEvent.NOT_JSON) from None
    if not isinstance(read, dict):
        raise WebhookRefused(NoEvent.NOT_AN_EVENT)
    return read


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) != len(pairs):
        raise WebhookRefused(NoEvent.DOUBLED_KEY)
    return read


def _no_such_number(word: str) -> None:
    raise ValueError(word)  # NaN and Infinity are Python's, not JSON's


_DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_such_number)


def _seconds(created: object) -> float | None:
    """A snapshot's whole seconds, or a thin event's ISO 8601."""
    if isinstance(created, str):
        try:
            moment = datetime.fromisoformat(created)
        except ValueError:
            return None
        # An offset is always there; without one the moment isn't known.
        return None if moment.tzinfo is None else _bounded(moment.timestamp())
    if type(created) in (int, float):
        return _bounded(float(created))  # type: ignore[arg-type]  # one of the two by now
    return None


def _bounded(seconds: float) -> float | None:
    return seconds if 0 <= seconds < _SECONDS_MAX else None


def _thin(event: Mapping[str, Any]) -> dict[str, Any]:
    related = mapping(event.get("related_object"))
    found = described({"object": related.get("type"), "id": related.get("id")})
    return found | {"facts": {"id": found["object_id"], THIN: True}}
