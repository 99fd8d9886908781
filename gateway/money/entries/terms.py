"""What of a payload people search for and may name a person: addresses, the last four digits of a
card, the number of an invoice. Pure. They leave this file only to be hashed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

TERMS_MAX = 40  # of one payload
_DEPTH_MAX = 40
_ADDRESS = re.compile(r"[^\s@<>\"(),;:]{1,64}@[^\s@<>\"(),;:]{1,255}")
_FOUR = re.compile(r"[0-9]{4}", re.ASCII)
_NUMBERS = ("number", "receipt_number")
_NUMBER_MAX = 100


def address_term(written: str) -> str:
    return f"address:{written.strip().lower()}"


def card_term(digits: str) -> str:
    return f"card:{digits}"


def number_term(written: str) -> str:
    return f"number:{written.strip().lower()}"


def terms(payload: bytes) -> tuple[str, ...]:
    """Of any bytes; what can't be read says nothing."""
    try:
        said = json.loads(payload)
    except (ValueError, RecursionError):
        return ()
    found = dict.fromkeys(_within(said, _DEPTH_MAX))
    return tuple(found)[:TERMS_MAX]


def _within(said: Any, depth: int) -> Iterator[str]:
    if depth == 0:
        return
    if isinstance(said, list):
        for each in said:
            yield from _within(each, depth - 1)
    if not isinstance(said, dict):
        return
    for name, value in said.items():
        if isinstance(value, dict | list):
            yield from _within(value, depth - 1)
        elif isinstance(value, str):
            yield from _of_field(name, value)


def _of_field(name: str, value: str) -> Iterator[str]:
    if name == "last4" and _FOUR.fullmatch(value):
        yield card_term(value)
    elif name in _NUMBERS and 0 < len(value) <= _NUMBER_MAX:
        yield number_term(value)
    elif "email" in name and _ADDRESS.fullmatch(value):
        yield address_term(value)
