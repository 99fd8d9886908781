"""How a room answers with a page: drawn, set into the site's shell, with its headers.

What draws is given by ``app``; this file knows names of pages and nothing of templates. A page is
one reader's: nobody keeps it, and nobody is told where it stood.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol
from urllib.parse import quote

from gateway.model.letter import Letter
from gateway.model.request import Request
from gateway.rooms.asking import PRIVATE, Ask, Reply

_IN_SHELL = b"frame-ancestors 'none'"
_HTML = (b"content-type", b"text/html; charset=utf-8")


class Drawing(Protocol):
    """``page.templates.Templates``, as far as the rooms need it."""

    def page(self, name: str, language: str, **context: object) -> bytes: ...

    def mail(self, name: str, language: str, **context: object) -> Letter: ...

    def text(self, key: str, language: str, **values: object) -> str: ...


def login_url(return_to: str, language: str, *, register: bool = False) -> str:
    more = "&register=1" if register else ""
    return f"/-/login?return_to={quote(return_to, safe='/')}&lang={language}{more}"


def content_policy(form_targets: Iterable[str] = ()) -> bytes:
    """``form_targets``: origins that a form of ours may lead to, after the redirect that answers it."""
    targets = " ".join(("'self'", *dict.fromkeys(form_targets)))
    return (
        "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none';"
        f" form-action {targets}; frame-ancestors 'none'"
    ).encode()


class Pages:
    """``dress`` sets a page into the publisher's own; ``dressed`` says that there is one, whose
    scripts and styles a policy of ours would stop. It still stands in nobody's frame. ``form_targets`` is
    called for each page: some are known only once a provider was asked."""

    def __init__(
        self,
        drawing: Drawing,
        *,
        dress: Callable[[bytes, Request], Awaitable[bytes]],
        dressed: bool,
        form_targets: Callable[[], Iterable[str]] = tuple,
    ) -> None:
        self.drawing = drawing
        self._dress = dress
        self._dressed = dressed
        self._form_targets = form_targets

    async def page(self, ask: Ask, name: str, *, status: int = 200, **context: object) -> Reply:
        drawn = self.drawing.page(name, ask.language, **context)
        body = await self._dress(drawn, ask.request)
        spoken = (b"content-language", ask.language.encode())
        policy = (b"content-security-policy", _IN_SHELL if self._dressed else self._policy())
        return Reply(status, (_HTML, spoken, *PRIVATE, policy), body)

    def _policy(self) -> bytes:
        return content_policy(self._form_targets())
