"""Which headers travel: to the origin as the gateway or as the reader, and back to the reader.

Pure. Two laws: the gateway's own identity (``[origin].headers``) and a reader's cookies are never on
one request; and no header of an identity family reaches the origin unless it was minted here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from gateway.model.request import Request

Headers = tuple[tuple[bytes, bytes], ...]

VIA = b"1.1 lychgate"
ASSERTION = b"lychgate-reader"

# What a fetch as the gateway takes over from the reader's request: nothing that could shape a kept
# answer. What a fetch as the reader takes over: all but these.
_NOT_FROM_READERS = frozenset((b"host", b"via", b"transfer-encoding", b"expect"))

_HOP_BY_HOP = frozenset(
    (
        b"connection keep-alive proxy-connection proxy-authenticate proxy-authorization te trailer"
        b" transfer-encoding upgrade"
    ).split()
)
_INTERNAL = (b"lychgate-", b"x-lychgate-", b"x-accel-", b"x-sendfile")

# What may stay of the origin's head on a page that was judged. Lengths, digests, validators and
# timings of the whole page would tell what was withheld.
_KEPT_ON_PAGES = frozenset(
    (
        b"content-language content-security-policy content-security-policy-report-only"
        b" cross-origin-embedder-policy cross-origin-opener-policy cross-origin-resource-policy"
        b" feature-policy link location onion-location origin-agent-cluster p3p permissions-policy"
        b" referrer-policy report-to reporting-endpoints nel retry-after strict-transport-security"
        b" x-content-type-options x-frame-options x-robots-tag x-ua-compatible x-xss-protection"
        b" last-modified"
    ).split()
)
_LOCATIONS = frozenset((b"location", b"content-location", b"link", b"refresh"))


@dataclass(frozen=True, slots=True)
class ForwardSettings:
    """``site_url`` and ``origin_url`` without a path; ``host`` is what the origin is asked for;
    ``identity`` are ``[origin].headers``; ``cookie_names`` are ours and never travel."""

    site_url: str
    origin_url: str
    host: str
    identity: Headers
    cookie_names: tuple[bytes, ...]

    @property
    def scheme(self) -> bytes:
        return urlsplit(self.site_url).scheme.encode()

    @property
    def site_host(self) -> bytes:
        return urlsplit(self.site_url).netloc.encode()


def as_gateway(
    *, settings: ForwardSettings, validators: Headers = (), identity: bool = True
) -> Headers:
    """The anonymous fetch: no cookie, language, agent or address of the reader's.

    ``identity`` false leaves out the gateway's own too: what the origin shows to anyone.
    """
    own = settings.identity if identity else ()
    named = {name.lower() for name, _ in own}
    common = (
        (b"accept", b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
        (b"accept-encoding", b"gzip, br"),
        (b"user-agent", b"Lychgate"),
    )
    return (
        (b"host", settings.host.encode()),
        *((name, value) for name, value in common if name not in named),
        *validators,
        *_minted(settings, client=""),
        *own,
    )


def as_reader(request: Request, *, settings: ForwardSettings, assertion: bytes = b"") -> Headers:
    """The reader's own request: the reader's cookies but ours, never the gateway's identity."""
    kept: list[tuple[bytes, bytes]] = [(b"host", settings.host.encode())]
    for name, value in request.headers:
        if name in _NOT_FROM_READERS:
            continue
        if name == b"cookie":
            cookies = without_ours(value, settings.cookie_names)
            if cookies:
                kept.append((name, cookies))
        elif name == b"accept-encoding":
            kept.append((name, _decodable(value)))
        else:
            kept.append((name, value))
    kept.extend(_minted(settings, client=request.client))
    if assertion:
        kept.append((ASSERTION, assertion))
    return tuple(kept)


def _decodable(accept_encoding: bytes) -> bytes:
    """Only codings that the gateway can undo, should it have to judge the answer."""
    known = (b"gzip", b"br", b"zstd", b"identity")
    parts = [part.strip() for part in accept_encoding.lower().split(b",")]
    kept = [part for part in parts if part.split(b";")[0].strip() in known]
    return b", ".join(kept) or b"identity"


def _minted(settings: ForwardSettings, *, client: str) -> Headers:
    address: Headers = ((b"x-forwarded-for", client.encode()), (b"x-real-ip", client.encode()))
    return (
        *(address if client else ()),
        (b"x-forwarded-host", settings.site_host),
        (b"x-forwarded-proto", settings.scheme),
        (b"via", VIA),
    )


def without_ours(cookie: bytes, names: Iterable[bytes]) -> bytes:
    """A Cookie header without our cookies; empty where nothing is left."""
    ours = tuple(names)
    kept = [
        part.strip()
        for part in cookie.split(b";")
        if part.strip() and part.split(b"=", 1)[0].strip() not in ours
    ]
    return b"; ".join(kept)


def answer_headers(headers: Headers, *, settings: ForwardSettings, gated: bool) -> Headers:
    """What the reader gets of the origin's head. ``gated``: the allow-list of a judged page, without
    Set-Cookie; else all but hop-by-hop, internal names and cookies of our name."""
    connection = _named_by_connection(headers)
    kept: list[tuple[bytes, bytes]] = []
    for name, value in headers:
        if name in _HOP_BY_HOP or name in connection or name.startswith(_INTERNAL):
            continue
        if gated and name not in _KEPT_ON_PAGES:
            continue
        if name == b"set-cookie" and value.split(b"=", 1)[0].strip() in settings.cookie_names:
            continue
        kept.append((name, rewritten(value, settings) if name in _LOCATIONS else value))
    if not gated:
        kept.append((b"via", VIA))
    return tuple(kept)


def _named_by_connection(headers: Headers) -> frozenset[bytes]:
    return frozenset(
        token.strip().lower()
        for name, value in headers
        if name == b"connection"
        for token in value.split(b",")
    )


def rewritten(value: bytes, settings: ForwardSettings) -> bytes:
    """A header's URLs with the origin's own address turned into the site's."""
    site = settings.site_url.encode()
    origin = urlsplit(settings.origin_url)
    names = {origin.netloc.encode(), settings.host.encode()} - {b""}
    for name in names:
        for scheme in (b"http://", b"https://", b"//"):
            value = _replaced(value, scheme + name, site)
    return value


def _replaced(value: bytes, address: bytes, site: bytes) -> bytes:
    """``address`` only where the URL's authority ends behind it."""
    start = 0
    while (at := value.find(address, start)) >= 0:
        after = value[at + len(address) : at + len(address) + 1]
        before = value[at - 1 : at] if at else b""
        if after in (b"", b"/", b"?", b"#", b">", b'"', b" ", b";", b",") and before != b":":
            value = value[:at] + site + value[at + len(address) :]
            start = at + len(site)
        else:
            start = at + len(address)
    return value
