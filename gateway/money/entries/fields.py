"""One field of a Stripe object, read without trust in its type: what isn't as expected is absent.

Pure. Knows no object of Stripe's by name; ``shapes`` does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gateway.model.entry import ID_MAX

Thing = Mapping[str, Any]
_WHOLE_MAX = 1 << 53
_READER_MAX = 40


def mapping(value: object) -> Thing:
    return value if isinstance(value, dict) else {}


def word(value: object) -> str:
    """A short word of Stripe's own: a status, a reason, a method."""
    return value[:100] if isinstance(value, str) and value.isascii() and value.isprintable() else ""


def identifier(value: object) -> str:
    """An id, also that of an object which Stripe expanded in its place; "" for anything else."""
    if isinstance(value, dict):
        value = value.get("id")
    plain = isinstance(value, str) and value.isascii() and value.isprintable()
    return value if plain and isinstance(value, str) and len(value) <= ID_MAX else ""


def whole(value: object) -> int | None:
    return value if type(value) is int and abs(value) < _WHOLE_MAX else None


def listed(value: object) -> Iterator[Thing]:
    """The objects of a Stripe list."""
    data = mapping(value).get("data")
    return (each for each in (data if isinstance(data, list) else ()) if isinstance(each, dict))


def reader(reference: object) -> str:
    """Only what could be an account's id of ours: a payment link's reference may be anything."""
    written = identifier(reference)
    plain = written.replace("-", "").replace("_", "").isalnum() and len(written) <= _READER_MAX
    return written if plain else ""


def currency(thing: Thing) -> str:
    written = word(thing.get("currency")).lower()
    return written if len(written) == 3 else ""
