"""Every answer that isn't a page: refusals, faults of the request, outages.

Each bears an error id that stands in the log too, is never stored, and says nothing of the page
that was asked for. Browsers get a page of ours, everything else RFC 9457 problem details.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from gateway.edge.answers import Headers, Plain
from gateway.edge.refusing import ALLOWED
from gateway.errors import LychgateError, RequestRefused
from gateway.model.decision import Reason
from gateway.model.language import spoken
from gateway.model.request import Request

_HEADERS: Headers = (
    (b"cache-control", b"private, no-store"),
    (b"x-robots-tag", b"noindex"),
    (b"x-content-type-options", b"nosniff"),
    # It may stand where an address holds a token: /-/login/mail/…
    (b"referrer-policy", b"strict-origin"),
)
_PAGE_POLICY = (
    b"content-security-policy",
    b"default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none';"
    b" form-action 'self'; frame-ancestors 'none'",
)
RETRY_AFTER_SECONDS = 5
PROBLEM_TYPE = b"application/problem+json"


class ErrorPages(Protocol):
    """``page.templates.Templates`` as far as it is needed here."""

    def error(self, *, status: int, language: str, error_id: str) -> bytes: ...


def new_error_id() -> str:
    return os.urandom(8).hex()


def _uncounted(reason: str) -> None:
    return


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    """``languages``: the site's, its default first. ``decided`` counts refusals by reason."""

    pages: ErrorPages
    languages: tuple[str, ...]
    decided: Callable[[str], None] = _uncounted

    def refused(self, request: Request, reason: Reason) -> Plain:
        """403. What has no teaser is refused as data; a rule's refusal as a page to a browser."""
        self.decided(reason)
        if reason in (Reason.TYPE_HAS_NO_TEASER, Reason.METHOD_NEEDS_ACCESS):
            return self.problem(403, reason, error_id=request.id)
        return self.status(403, reason, request=request)

    def method_not_allowed(self, request: Request) -> Plain:
        answer = self.problem(405, "method-not-allowed", error_id=request.id)
        return Plain(answer.status, (*answer.headers, (b"allow", b"GET, HEAD")), answer.body)

    def of_error(self, error: LychgateError, *, request: Request | None, error_id: str) -> Plain:
        """The answer to an error raised on the way. Its text never leaves; its reason does."""
        status = error.refused_status if isinstance(error, RequestRefused) else error.status
        answer = self.status(status, error.reason, request=request, error_id=error_id)
        if status == 405:
            allow = error.allow if isinstance(error, RequestRefused) else ""
            named = (b"allow", (allow or ALLOWED).encode())
            return Plain(status, (*answer.headers, named), answer.body)
        if status in (429, 503):
            retry = (b"retry-after", b"%d" % (1 if status == 429 else RETRY_AFTER_SECONDS))
            return Plain(answer.status, (*answer.headers, retry), answer.body)
        return answer

    def status(
        self, status: int, reason: str, *, request: Request | None = None, error_id: str = ""
    ) -> Plain:
        """A page of ours where HTML is welcome, problem details elsewhere."""
        error_id = error_id or (request.id if request else new_error_id())
        accept = (request.header(b"accept") if request else b"") or b""
        if request is not None and b"text/html" not in accept and b"*/*" not in accept and accept:
            return self.problem(status, reason, error_id=error_id)
        language = self.language(request)
        body = self.pages.error(status=status, language=language, error_id=error_id)
        content_type = (b"content-type", b"text/html; charset=utf-8")
        spoken = (b"content-language", language.encode())
        return Plain(status, (content_type, spoken, _PAGE_POLICY, *_HEADERS), body)

    def problem(self, status: int, reason: str, *, error_id: str) -> Plain:
        """RFC 9457. ``type`` stays about:blank, whose title is the status phrase."""
        body = {"type": "about:blank", "status": status, "reason": reason, "error_id": error_id}
        content_type = (b"content-type", PROBLEM_TYPE)
        return Plain(status, (content_type, *_HEADERS), json.dumps(body).encode())

    def language(self, request: Request | None) -> str:
        """The one of the site's languages that the request asks for."""
        if request is None:
            return self.languages[0]
        return spoken(request.query, request.header(b"accept-language") or b"", self.languages)
