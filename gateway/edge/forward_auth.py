"""``/-/decide``: the decision on a URL, for fronts that ask before they proxy (forward auth).

nginx ``auth_request``, Caddy ``forward_auth`` and Traefik ``forwardAuth`` name the URL in headers;
they count only from a trusted proxy. A front sets the one it knows and hands on its reader's others, so
two that differ are a reader's try at being judged by another URL: refused. The page isn't fetched, so a page that only its own label
could gate is answered as the strictest that its rules allow. 200 lets pass, 401 asks for a login
or a subscription (the wall's name tells which), 403 refuses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never
from urllib.parse import urlsplit

from gateway.edge.answers import Plain
from gateway.edge.ingress import Ingress
from gateway.errors import RequestRefused
from gateway.model.decision import Decision, Full, Refuse, Teaser
from gateway.model.reader import Reader
from gateway.model.request import Request
from gateway.policy.compile import Policy
from gateway.policy.decide import judge, judge_strictest, settle_by_path

_URLS = (b"x-forwarded-uri", b"x-original-uri", b"x-original-url")
_METHODS = (b"x-forwarded-method", b"x-original-method")


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardAuth:
    ingress: Ingress

    def asked(
        self,
        headers: list[tuple[bytes, bytes]],
        *,
        peer: str,
        scheme: str,
        path_parameters_allowed: bool = False,
    ) -> Request:
        """The request that the front asks about. Raises RequestRefused: 403 for a stranger and where
        two headers name two URLs or methods, 400 where none names a URL or its path isn't canonical."""
        if not self.ingress.trusts(peer):
            raise RequestRefused(403, "forward-auth-from-stranger")
        urls = {_target(value) for name, value in headers if name in _URLS}
        methods = {value.upper() for name, value in headers if name in _METHODS} or {b"GET"}
        if len(urls) > 1 or len(methods) > 1:
            raise RequestRefused(403, "forward-auth-names-two")
        if not urls or urls == {b""}:
            raise RequestRefused(400, "forward-auth-names-no-url")
        admitted = self.ingress.admit(
            method=methods.pop().decode("latin-1"),
            target=urls.pop(),
            headers=headers,
            peer=peer,
            scheme=scheme,
            path_parameters_allowed=path_parameters_allowed,
        )
        if not isinstance(admitted, Request):
            raise RequestRefused(400, "path-not-canonical")
        return admitted

    def answer(self, asked: Request, reader: Reader, *, policy: Policy, now: float) -> Plain:
        way = policy.way(asked.host, asked.path)
        settled = settle_by_path(way, asked, policy, now=now)
        if settled:
            return told(judge(settled, reader, now))
        return told(judge_strictest(policy.narrowed(way, asked), reader, now))


def _target(url: bytes) -> bytes:
    """Path and query of a URL, which some fronts name whole. Raises RequestRefused."""
    if url.startswith(b"/"):
        return url
    try:
        parts = urlsplit(url)
    except ValueError:  # half an IPv6 address, as in http://[::1
        raise RequestRefused(400, "forward-auth-names-no-url") from None
    return parts.path + (b"?" + parts.query if parts.query else b"")


def told(decision: Decision) -> Plain:
    """A decision as status and headers, without a body."""
    common = ((b"cache-control", b"private, no-store"),)
    reason = (b"lychgate-reason", decision.reason.encode())
    match decision:
        case Full():
            return Plain(200, (*common, reason))
        case Teaser():
            wall = (b"lychgate-wall", decision.wall.encode())
            return Plain(401, (*common, reason, wall))
        case Refuse():
            return Plain(403, (*common, reason))
        case _:
            assert_never(decision)
