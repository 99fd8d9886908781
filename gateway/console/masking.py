"""A payload as it may be looked at: pretty JSON, in which what opens something or pays is masked. Pure.

Masked are secrets by the name of their field or by how they begin, and card data: whole numbers of
cards wherever they stand, and a card's expiry, fingerprint and security code. Its brand and its last four
digits stay: staff find a payment by them (PCI DSS 4.0, 3.4.1 allows as much).
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from typing import Any

MASK = "•••"
TEXT_MAX = 200_000
_DEPTH_MAX = 60
_SECRET_NAME = re.compile(
    r"secret|password|passwd|api_?key|access_?token|refresh_?token|id_?token|authorization|bearer"
    r"|private_?key|signature",
    re.IGNORECASE,
)
_CARD_NAMES = frozenset(
    "fingerprint cvc cvv exp_month exp_year iin dynamic_last4 account_number routing_number iban"
    " sort_code network_transaction_id authorization_code".split()
)
# How Stripe's secrets, and ours, begin: docs.stripe.com/keys, and a client secret's middle.
_SECRET_VALUE = re.compile(
    r"\b(?:sk|rk|ek|whsec)_[A-Za-z0-9_]{8,}|\b[a-z]+_[A-Za-z0-9]+_secret_[A-Za-z0-9]+"
    r"|\bey[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*"
)
_DIGITS = re.compile(r"(?<![\w.])\d(?:[ -]?\d){12,18}(?![\w.])", re.ASCII)
_UNSEEN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))


@dataclass(frozen=True, slots=True)
class Raw:
    """``cut``: there is more than is shown. ``json`` is False for what isn't JSON: a note, most often."""

    text: str
    json: bool
    cut: bool = False


def masked(payload: bytes) -> Raw:
    """Of any bytes."""
    try:
        said = json.loads(payload)
        text = json.dumps(_masked(said, "", _DEPTH_MAX), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return _shown(_value(payload.decode("utf-8", "replace")), is_json=False)
    return _shown(text, is_json=True)


def _shown(text: str, *, is_json: bool) -> Raw:
    """What can't be seen is written out as JSON would: nothing turns the direction of the rest."""
    cut = text[:TEXT_MAX]
    if not cut.isprintable():
        cut = "".join(
            json.dumps(each)[1:-1]
            if each not in "\n\t" and unicodedata.category(each) in _UNSEEN
            else each
            for each in cut
        )
    return Raw(cut, is_json, len(text) > TEXT_MAX)


def _masked(said: Any, name: str, depth: int) -> Any:
    if depth == 0:
        return MASK
    if isinstance(said, dict):
        if name in ("headers", "request_headers"):
            return MASK
        return {
            _value(key): MASK if _hidden(key, value) else _masked(value, key, depth - 1)
            for key, value in said.items()
        }
    if isinstance(said, list):
        return [_masked(each, name, depth - 1) for each in said]
    if isinstance(said, str):
        return _value(said)
    if type(said) is int and _is_card(str(said)):
        return MASK
    return said


def _hidden(name: str, value: Any) -> bool:
    """A field that is empty hides nothing, and says that nothing was there."""
    if value is None or value in ("", [], {}) or isinstance(value, bool):
        return False
    if name in _CARD_NAMES:
        return True
    return bool(_SECRET_NAME.search(name)) and not isinstance(value, dict | list)


def _value(text: str) -> str:
    kept = _SECRET_VALUE.sub(MASK, text)
    return _DIGITS.sub(lambda found: MASK if _is_card(found[0]) else found[0], kept)


def _is_card(text: str) -> bool:
    """13 to 19 digits with the check digit of ISO/IEC 7812-1, annex B."""
    digits = [int(each) for each in text if each.isdigit()]
    if not 13 <= len(digits) <= 19:
        return False
    doubled = [each * 2 - 9 * (each > 4) for each in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0
