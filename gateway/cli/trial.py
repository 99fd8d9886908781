"""What stands around the gateway in ``lychgate try``: another site's pages, made to stay on loopback.

Links to the site's own host lead back here, nothing is indexed, nothing but GET and HEAD passes, and
a bar says what this is and changes readers. Policies that a site's head sets for itself (CSP, HSTS)
would break on another address, so they are left out: this is for looking, not for serving.
"""

from __future__ import annotations

import html
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

PREFIX = "/-/try/as/"
BODY_BYTES_MAX = 16 << 20
_REWRITTEN = (b"text/html", b"text/css", b"javascript", b"json", b"xml")
_LEFT_OUT = frozenset(
    b"content-security-policy content-security-policy-report-only strict-transport-security"
    b" content-length cache-control age etag last-modified x-robots-tag x-frame-options".split()
)
_BODY = re.compile(rb"<body\b[^>]*>", re.I)
_BAR = """\
<div lang="en" style="all:revert;position:sticky;top:0;z-index:2147483647;background:#14110f;color:#fff;\
font:14px/1.4 system-ui,sans-serif;padding:8px 16px;display:flex;gap:16px;flex-wrap:wrap">\
<strong>{host} behind Lychgate, on this machine alone</strong><span>Read as: {links}</span></div>"""

Application = Callable[[Any, Any, Any], Awaitable[None]]


class Trial:
    """``application`` is the gateway. ``sites`` are the tried site's addresses, the one that is
    asked first; ``url`` is ours."""

    def __init__(self, application: Application, *, sites: Sequence[str], url: str) -> None:
        self._application = application
        hosts = [netloc for site in sites if (netloc := urlsplit(site).netloc)]
        self._host = hosts[0]
        self._url = url
        bare = {host.removeprefix("www.") for host in hosts}
        names = {*bare, *(f"www.{host}" for host in bare)} - {urlsplit(url).netloc}
        either = b"|".join(
            re.escape(name.encode()) for name in sorted(names, key=len, reverse=True)
        )
        # Also in JSON, where a slash may be escaped. Another port or a longer name is another host.
        self._own = re.compile(rb"(?:https?:)?(\\?/)(\\?/)(?:" + either + rb")(?![\w.:-])", re.I)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            await _refuse(send)
            return
        # Uncoded, so that links can be rewritten; unconditional, since the bar isn't in any ETag.
        scope["headers"] = [
            (name, value)
            for name, value in scope["headers"]
            if name not in (b"accept-encoding", b"if-none-match", b"if-modified-since")
        ]
        await self._application(scope, receive, _Rewriting(self, scope, send))

    def rewritten(self, body: bytes) -> bytes:
        """Links to the site's own host as links to ours."""
        url = self._url.removeprefix("http:").encode()

        def local(found: re.Match[bytes]) -> bytes:
            slash = found[1]
            return b"http:" + url.replace(b"/", slash)

        return self._own.sub(local, body)

    def with_bar(self, page: bytes, target: str) -> bytes:
        back = quote(target, safe="/")
        links = " · ".join(
            f'<a style="color:#ffd9a0" href="{PREFIX}{kind}?return_to={back}">{kind}</a>'
            for kind in ("anonymous", "member", "subscriber")
        )
        bar = _BAR.format(host=html.escape(self._host), links=links).encode()
        found = _BODY.search(page)
        return page[: found.end()] + bar + page[found.end() :] if found else bar + page


class _Rewriting:
    """Collects a body that holds links; passes any other on as it comes."""

    def __init__(self, trial: Trial, scope: Any, send: Any) -> None:
        self._trial = trial
        self._scope = scope
        self._send = send
        self._start: Any = None
        self._kind = b""
        self._body = b""

    async def __call__(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            headers = list(message["headers"])
            self._kind = next((value for name, value in headers if name == b"content-type"), b"")
            coded = any(name == b"content-encoding" for name, _ in headers)
            collect = not coded and any(kind in self._kind.lower() for kind in _REWRITTEN)
            left_out = _LEFT_OUT if collect else _LEFT_OUT - {b"content-length"}
            kept = [(name, value) for name, value in headers if name not in left_out]
            kept.append((b"cache-control", b"no-store"))
            kept.append((b"x-robots-tag", b"noindex, nofollow"))
            message = {**message, "headers": kept}
            if collect:
                self._start = message
                return
        elif self._start is not None:
            self._body += message.get("body", b"")
            if len(self._body) > BODY_BYTES_MAX:
                raise ConnectionAbortedError("a body too large to be tried")
            if not message.get("more_body"):
                await self._finish()
            return
        await self._send(message)

    async def _finish(self) -> None:
        headers = self._start["headers"]
        body = self._trial.rewritten(self._body)
        if self._scope["method"] == "GET":
            if b"text/html" in self._kind.lower():
                query = self._scope.get("query_string", b"")
                target = self._scope["path"] + (f"?{query.decode('latin-1')}" if query else "")
                body = self._trial.with_bar(body, target)
            headers = [*headers, (b"content-length", b"%d" % len(body))]
        await self._send({**self._start, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})


async def _refuse(send: Any) -> None:
    body = b"The site is only looked at here: nothing is sent to it. Go back to read on.\n"
    headers = [
        (b"allow", b"GET, HEAD"),
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 405, "headers": headers})
    await send({"type": "http.response.body", "body": body})
