"""What the stand-in answers when it won't do what was asked: Stripe's error object and status.

Knows nothing of HTTP frames or of objects. Types, codes and statuses are those of
docs.stripe.com/api/errors and docs.stripe.com/error-codes; an error is told by its code, never by
its text.
"""

from __future__ import annotations

from typing import Any

_DOCS = "https://docs.stripe.com/error-codes/"


class Refused(Exception):
    """``executed`` is False when nothing was begun: Stripe keeps no result under the key then."""

    def __init__(
        self,
        message: str,
        *,
        param: str = "",
        code: str = "",
        status: int = 400,
        kind: str = "invalid_request_error",
        executed: bool = False,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.executed = executed
        error: dict[str, Any] = {"message": message, "type": kind}
        if code:
            error |= {"code": code, "doc_url": _DOCS + code.replace("_", "-")}
        if param:
            error["param"] = param
        self.error = error | more


def missing(name: str, thing_id: str, *, param: str = "", status: int = 404) -> Refused:
    """No such object: 404 for the one in the path, 400 for one named by a parameter."""
    return Refused(
        f"No such {name}: '{thing_id}'",
        param=param or "id",
        code="resource_missing",
        status=status,
    )
