"""Whether Stripe sent these bytes: the ``Stripe-Signature`` header, verified with the standard library.

https://docs.stripe.com/webhooks/signature: HMAC-SHA256 of ``t`` + "." + the raw body. Stripe's own
library lets a timestamp a year ahead pass, and raises errors of the language at bytes that it didn't
expect; here the tolerance goes both ways and whatever is wrong is a WebhookRefused. Without a secret
nothing is genuine. Pure: the time is given.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from enum import StrEnum

from gateway.errors import WebhookRefused

TOLERANCE_SECONDS = 300
HEADER_CHARACTERS_MAX = 4096
_SIGNATURES_MAX = 32
_DIGITS_MAX = 12


class Unsigned(StrEnum):
    """Why a webhook isn't taken for Stripe's. Closed: each is logged and counted."""

    NO_SIGNATURE = "no-signature"  # no header, or none that could be one
    BAD_SIGNATURE = "bad-signature"  # nobody who knows one of our secrets made it
    STALE_SIGNATURE = "stale-signature"  # genuine, and more than 300 s old
    EARLY_SIGNATURE = "early-signature"  # genuine, and more than 300 s ahead of our clock


def verify(raw: bytes, header: str | bytes, *, secrets: Sequence[str], now: float) -> int:
    """The second in which Stripe signed. Raises WebhookRefused; every secret is tried, in one time."""
    timestamp, signatures = _read(header)
    signed = timestamp.encode("ascii") + b"." + raw
    genuine = False
    for secret in secrets:
        if not secret:
            continue
        made = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest().encode("ascii")
        for signature in signatures:
            genuine |= hmac.compare_digest(made, signature)
    if not genuine:
        raise WebhookRefused(Unsigned.BAD_SIGNATURE)
    signed_at = int(timestamp)
    if now - signed_at > TOLERANCE_SECONDS:
        raise WebhookRefused(Unsigned.STALE_SIGNATURE)
    if signed_at - now > TOLERANCE_SECONDS:
        raise WebhookRefused(Unsigned.EARLY_SIGNATURE)
    return signed_at


def _read(header: str | bytes) -> tuple[str, list[bytes]]:
    """The timestamp's digits and each ``v1``. Schemes that we don't know (``v0``) are passed over."""
    written = header.decode("latin-1") if isinstance(header, bytes) else header
    if not written.isascii() or len(written) > HEADER_CHARACTERS_MAX:
        raise WebhookRefused(Unsigned.NO_SIGNATURE)
    timestamps: list[str] = []
    signatures: list[bytes] = []
    for part in written.split(","):
        name, _, value = part.strip().partition("=")
        if name == "t":
            timestamps.append(value)
        elif name == "v1":
            signatures.append(value.encode("ascii"))
    if len(timestamps) != 1 or not signatures or len(signatures) > _SIGNATURES_MAX:
        raise WebhookRefused(Unsigned.NO_SIGNATURE)
    digits = timestamps[0]
    if not digits.isdigit() or len(digits) > _DIGITS_MAX:
        raise WebhookRefused(Unsigned.NO_SIGNATURE)
    return digits, signatures
