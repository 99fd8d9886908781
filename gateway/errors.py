"""Every error that the gateway raises on purpose, and what the reader's browser is told of it.

    LychgateError
    ├── Faults                    config or policy files are wrong; carries every fault, never one
    ├── RequestRefused            the request itself: 400 403 404 405 413 414 421 429 431
    ├── OriginFailed              502
    │   ├── OriginTimeout         504
    │   └── OriginBusy            503, with Retry-After
    ├── PageUnreadable            a page that can't be parsed within its bounds: judged as without body
    ├── StoreUnavailable          503
    ├── DeskUnavailable           503: the process of logins can't be reached
    ├── LoginRefused              400: a login that doesn't stand the checks
    ├── ProviderUnavailable       503: a login provider without a usable answer in time
    ├── TooManyLogins             429, with Retry-After
    ├── StripeUnavailable         503: Stripe can't be asked just now, or not with this key
    ├── Busy                      409: another process does this just now
    ├── StripeRefused             502: Stripe understood, and won't; ``missing`` is its 404
    ├── WebhookRefused            400: not an event, or not signed by Stripe; nothing is kept of it
    └── SessionInvalid            a cookie that proves nothing: the reader is anonymous

``status`` is the HTTP status, ``reason`` a kebab-case word for logs, metrics and pages. Errors are
told apart by class and ``reason``, never by their text.
"""

from __future__ import annotations

from typing import ClassVar

from gateway.model.fault import Fault


class LychgateError(Exception):
    status: ClassVar[int] = 500
    reason: str = "internal-error"


class Faults(LychgateError):
    """Config or policies that can't be used. ``faults`` is never empty and names every place."""

    reason = "faulty-files"

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.faults = faults
        super().__init__("\n".join(str(fault) for fault in faults))


class RequestRefused(LychgateError):
    """A request that no page is looked up for. ``detail`` is shown on the plain error page; ``allow``
    are the methods that a 405 names, and empty where they are all that are served."""

    def __init__(self, status: int, reason: str, detail: str = "", *, allow: str = "") -> None:
        self.refused_status = status
        self.reason = reason
        self.detail = detail
        self.allow = allow
        super().__init__(f"{status} {reason}")


class OriginFailed(LychgateError):
    """The origin couldn't be reached, or answered with something that isn't HTTP."""

    status = 502
    reason = "origin-failed"

    def __init__(self, detail: str = "") -> None:
        self.detail = detail
        super().__init__(detail or self.reason)


class OriginTimeout(OriginFailed):
    status = 504
    reason = "origin-timeout"


class OriginBusy(OriginFailed):
    """``[origin] fetches_max`` requests are under way already."""

    status = 503
    reason = "origin-busy"


class PageUnreadable(LychgateError):
    """A body over its bounds (bytes, depth, time), in an unknown coding, or undecodable."""

    status = 502

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class StoreUnavailable(LychgateError):
    status = 503
    reason = "store-unavailable"


class DeskUnavailable(LychgateError):
    """``detail`` is for the log alone."""

    status = 503
    reason = "desk-unavailable"

    def __init__(self, detail: str = "") -> None:
        self.detail = detail
        super().__init__(detail or self.reason)


class LoginRefused(LychgateError):
    """``reason`` is one of ``login.checks.Refusal``; ``detail`` is for the log alone."""

    status = 400

    def __init__(self, reason: str, detail: str = "") -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(f"{reason} {detail}".rstrip())


class ProviderUnavailable(LychgateError):
    """``detail`` is for the log alone."""

    status = 503
    reason = "provider-unavailable"

    def __init__(self, detail: str = "") -> None:
        self.detail = detail
        super().__init__(detail or self.reason)


class TooManyLogins(LychgateError):
    """``seconds`` until the window of the limit ends."""

    status = 429
    reason = "too-many-logins"

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(self.reason)


class Busy(LychgateError):
    """``what`` is done by another process, and by one at a time."""

    status = 409
    reason = "busy"

    def __init__(self, what: str) -> None:
        super().__init__(f"another {what} is under way")


class StripeUnavailable(LychgateError):
    """``reason`` is ``stripe-unavailable``, or ``stripe-key`` where the account refuses our key.
    ``detail`` is for the log alone. ``kept``: under that idempotency key Stripe says the same for a day."""

    status = 503

    def __init__(
        self, reason: str = "stripe-unavailable", detail: str = "", *, kept: bool = False
    ) -> None:
        self.reason = reason
        self.detail = detail
        self.kept = kept
        super().__init__(f"{reason} {detail}".rstrip())


class StripeRefused(LychgateError):
    """``refused_status`` and ``code`` are Stripe's (docs.stripe.com/error-codes); ``detail`` is its
    sentence, for the log and the console."""

    status = 502
    reason = "stripe-refused"

    def __init__(self, *, status: int, code: str = "", detail: str = "") -> None:
        self.refused_status = status
        self.code = code
        self.detail = detail
        super().__init__(f"{status} {code} {detail}".strip())

    @property
    def missing(self) -> bool:
        """There is no such object in this account and mode."""
        return self.refused_status == 404 or self.code == "resource_missing"


class WebhookRefused(LychgateError):
    """``reason`` is one of ``money.signature.Unsigned`` or ``money.parse.NoEvent``."""

    status = 400

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class SessionInvalid(LychgateError):
    """Raised by ``identity.cookies`` alone and caught by its callers: never a reader's error."""

    status = 400
    reason = "session-invalid"
