"""Idempotency keys: one answer for one key, as docs.stripe.com/api/idempotent_requests says.

Kept 24 hours, the first answer whatever its status, once the request was begun. Knows no routes.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.demo.stripe.refused import Refused

KEPT_SECONDS = 24 * 3600
KEY_LENGTH_MAX = 255


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class _Kept:
    asked: tuple[str, str, bytes]
    at: float
    answer: Answer | None = None


class Keys:
    """Between ``begin`` and ``finish`` a key is in use, and a second request with it is 409."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}

    def begin(self, key: str, asked: tuple[str, str, bytes], now: float) -> Answer | None:
        """The answer kept under the key, or None and the key is ours until ``finish``."""
        if len(key) > KEY_LENGTH_MAX:
            raise Refused(
                f"Idempotency keys may be at most {KEY_LENGTH_MAX} characters.",
                kind="idempotency_error",
            )
        kept = self._kept.get(key)
        if kept is None or kept.at + KEPT_SECONDS <= now:
            self._kept[key] = _Kept(asked, now)
            return None
        if kept.asked != asked:
            raise Refused(
                "Keys for idempotent requests can only be used with the same parameters they were "
                f"first used with. Try using a key other than '{key}' if you meant to execute a "
                "different request.",
                kind="idempotency_error",
            )
        if kept.answer is None:
            raise Refused(
                "There is currently another in-progress request using this Stripe-Account and "
                f"Idempotency Key ({key}). Please try again later.",
                status=409,
                code="idempotency_key_in_use",
                kind="idempotency_error",
            )
        return kept.answer

    def in_use(self, key: str) -> bool:
        kept = self._kept.get(key)
        return kept is not None and kept.answer is None

    def finish(self, key: str, answer: Answer | None) -> None:
        """Keep the answer; None forgets the key, since nothing was begun under it."""
        if answer is None:
            del self._kept[key]
        else:
            self._kept[key].answer = answer
