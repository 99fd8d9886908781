"""The door: one raw request becomes one canonical ``Request``, or is refused or moved.

Nothing behind it looks at the raw target or at a raw header again, and nothing decides on what a
framework made of the URL.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache, partial

from gateway.edge import headers as door
from gateway.edge.target import MovedTo, canonical_target
from gateway.errors import RequestRefused
from gateway.model.request import Request

__all__ = ["Ingress", "MovedTo"]

# What a body would mean here is undefined (RFC 9110 section 9.3), so none is forwarded.
BODILESS = frozenset(("GET", "HEAD", "OPTIONS"))
METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_HOST = re.compile(
    rb"(?:[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?\.?|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?"
)


class Ingress:
    """``hosts``: each Host header, lower-case, that readers may send → the host it means."""

    def __init__(
        self,
        *,
        hosts: Mapping[bytes, str],
        trusted_proxies: door.Networks,
        cookie_names: tuple[bytes, ...],
    ) -> None:
        self._hosts = dict(hosts)
        self._cookie_names = cookie_names
        # An instance's own, so that no look-up compares the networks as well.
        self._trusts = lru_cache(maxsize=4096)(partial(door.is_trusted, trusted=trusted_proxies))

    def trusts(self, peer: str) -> bool:
        """Whether what this peer says of other addresses is believed."""
        return self._trusts(peer)

    def client(self, headers: Sequence[tuple[bytes, bytes]], peer: str) -> str:
        """The reader's address, as far as trusted proxies tell it."""
        return door.client_of(headers, peer=peer, trusts=self._trusts)

    def admit(
        self,
        *,
        method: str,
        target: bytes,
        headers: Sequence[tuple[bytes, bytes]],
        peer: str,
        scheme: str,
        path_parameters_allowed: bool = False,
        request_id: str = "",
    ) -> Request | MovedTo:
        """``headers`` have lower-case names. Raises RequestRefused: 400, 405, 414 or 421."""
        if method not in METHODS:
            raise RequestRefused(405, "method-not-allowed")
        named = dict(headers)
        once = len(named) == len(headers)
        if not once and door.doubled(headers):
            raise RequestRefused(400, "header-doubled")
        host = self._host(named.get(b"host", b""))
        parsed = canonical_target(target, path_parameters_allowed=path_parameters_allowed)
        if isinstance(parsed, MovedTo):
            if method not in ("GET", "HEAD"):
                raise RequestRefused(400, "path-not-canonical")
            return parsed
        told = not door.TOLD_BY_PROXIES.isdisjoint(named) and self._trusts(peer)
        connection = named.get(b"connection", door.NAMES_NOTHING) if once else None
        kept = door.cleaned(headers, connection=connection)
        if method in BODILESS and b"content-length" in named:
            kept = tuple(pair for pair in kept if pair[0] != b"content-length")
        return Request(
            method=method,
            host=host,
            path=parsed.path,
            query=parsed.query,
            headers=kept,
            client=self.client(headers, peer) if told else peer,
            scheme=door.scheme_of(headers, scheme=scheme) if told else scheme,
            country=door.country_of(headers) if told else "",
            has_session_cookie=b"cookie" in named and self._has_cookie(kept),
            id=request_id,
        )

    def _host(self, sent: bytes) -> str:
        host = self._hosts.get(sent.lower())
        if host is not None:
            return host
        if not _HOST.fullmatch(sent):
            raise RequestRefused(400, "host-malformed")
        raise RequestRefused(421, "host-unknown")

    def _has_cookie(self, headers: door.Headers) -> bool:
        """Whether a cookie bears our name, well formed or not: caution costs a cache hit at most."""
        return any(
            cookie_name in value
            for name, value in headers
            if name == b"cookie"
            for cookie_name in self._cookie_names
        )


def known_hosts(site: str, aliases: Sequence[str]) -> dict[bytes, str]:
    """Every Host header that means this site: with the port of its address, and without where that
    is the scheme's own. ``site`` is host and port as in ``[site] url``."""
    known: dict[bytes, str] = {}
    for netloc in (site, *aliases):
        lowered = netloc.lower()
        name = lowered.rsplit(":", 1)[0] if re.search(r":\d+$", lowered) else lowered
        known[lowered.encode()] = name
        known[(lowered + ".").encode()] = name
        if name == lowered:
            known[f"{name}:80".encode()] = known[f"{name}:443".encode()] = name
    return known
