"""Which headers travel: to the origin as the gateway or as the reader, and back to the reader.

Pure. Two laws: the gateway's own identity (``[origin].headers``) and a reader's cookies are never on
one request; and no header of an identity family reaches the origin unless it was minted here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from urllib.parse import urlsplit

from gateway.model.request import Request

Headers = tuple[tuple[bytes, bytes], ...]

VIA = b"1.1 lychgate"
ASSERTION = b"lychgate-reader"

# What a fetch as the gateway takes over from the reader's request: nothing that could shape a kept
# answer. What a fetch as the reader takes over: all but these, whatever the door let in.
_NOT_FROM_READERS = frozenset(
    b"host via content-length transfer-encoding expect forwarded x-real-ip".split()
)
_NOT_FROM_READERS_FAMILIES = (b"x-forwarded-", b"lychgate-", b"x-lychgate-")
# Names of [origin].headers under which readers may send credentials of their own.
_READERS_OWN = frozenset((b"cookie", b"authorization"))

_HOP_BY_HOP = frozenset(
    (
        b"connection keep-alive proxy-connection proxy-authenticate proxy-authorization te trailer"
        b" transfer-encoding upgrade"
    ).split()
)
# Words between servers; and Alt-Svc, which speaks of the origin's own ports.
_INTERNAL = (b"lychgate-", b"x-lychgate-", b"x-accel-", b"x-sendfile", b"alt-svc")

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
# One link of a Link header, its target and its parameters; and two of these.
_LINK = re.compile(rb'\s*<[^>]*>(?:[^,"]|"[^"]*")*')
_REL = re.compile(rb';\s*rel\s*=\s*("[^"]*"|[^\s;,]+)')
_AS = re.compile(rb';\s*as\s*=\s*("[^"]*"|[^\s;,]+)')
_AFTER_AUTHORITY = (b"", b"/", b"?", b"#", b">", b'"', b"'", b" ", b";", b",")
_LOCATIONS = frozenset((b"location", b"content-location", b"link", b"refresh"))


_NAME_BYTES = 40  # longer than any name above


@dataclass(frozen=True)
class ForwardSettings:
    """``site_url`` and ``origin_url`` without a path; ``host`` is what the origin is asked for;
    ``identity`` are ``[origin].headers``; ``cookie_names`` are ours and never travel."""

    site_url: str
    origin_url: str
    host: str
    identity: Headers
    cookie_names: tuple[bytes, ...]

    @cached_property
    def scheme(self) -> bytes:
        return urlsplit(self.site_url).scheme.encode()

    @cached_property
    def site_host(self) -> bytes:
        return urlsplit(self.site_url).netloc.encode()

    @cached_property
    def gateways_own(self) -> frozenset[bytes]:
        """Names of ``identity`` that no reader may send."""
        return frozenset(name.lower() for name, _ in self.identity) - _READERS_OWN

    @cached_property
    def addresses(self) -> tuple[bytes, ...]:
        """Every way to write the origin's own address, or the host it is asked for."""
        parts = urlsplit(self.origin_url)
        hosts = {parts.netloc, self.host}
        port = {"http": ":80", "https": ":443"}.get(parts.scheme, "")
        if parts.port is None:
            hosts.add(parts.netloc + port)
        elif parts.netloc.endswith(port):
            hosts.add(parts.netloc.removesuffix(port))
        return tuple(
            (scheme + host).encode()
            for host in sorted(hosts - {""})
            for scheme in ("http://", "https://", "//")
        )


def as_gateway(
    *,
    settings: ForwardSettings,
    validators: Headers = (),
    identity: bool = True,
    accept_encoding: bytes = b"gzip, br",
) -> Headers:
    """The anonymous fetch: no cookie, language, agent or address of the reader's.

    ``identity`` false leaves out the gateway's own too: what the origin shows to anyone.
    ``accept_encoding`` is the reader's for an answer that is passed on as it comes, never kept.
    """
    own = settings.identity if identity else ()
    named = {name.lower() for name, _ in own}
    common = (
        (b"accept", b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
        (b"accept-encoding", accept_encoding),
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
    """The reader's own request: the reader's cookies but ours, never the gateway's identity.

    Whoever sends a header that the publisher named in ``[origin].headers`` plays the gateway, so it
    goes. Several ranges at once go too, as RFC 9110 section 14.2 allows: in a multipart answer
    nobody could tell a page from a film.
    """
    kept: list[tuple[bytes, bytes]] = [(b"host", settings.host.encode())]
    for name, value in request.headers:
        if _never_from_readers(name[:_NAME_BYTES]) or name in settings.gateways_own:
            continue
        if name == b"cookie":
            cookies = without_ours(value, settings.cookie_names)
            if cookies:
                kept.append((name, cookies))
        elif name == b"accept-encoding":
            kept.append((name, _decodable(value)))
        elif name != b"range" or b"," not in value:
            kept.append((name, value))
    kept.extend(_minted(settings, client=request.client))
    if assertion:
        kept.append((ASSERTION, assertion))
    return tuple(kept)


@lru_cache(maxsize=1024)
def _never_from_readers(name: bytes) -> bool:
    """The same names come again and again. Their first bytes decide, and bound what is kept."""
    return (
        name in _NOT_FROM_READERS
        or name in _HOP_BY_HOP
        or name.startswith(_NOT_FROM_READERS_FAMILIES)
    )


@lru_cache(maxsize=1024)
def _between_servers(name: bytes) -> bool:
    return name in _HOP_BY_HOP or name.startswith(_INTERNAL)


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
        if _between_servers(name[:_NAME_BYTES]) or name in connection:
            continue
        if gated and name not in _KEPT_ON_PAGES:
            continue
        if name == b"set-cookie" and _cookie_name(value) in settings.cookie_names:
            continue
        told = rewritten(value, settings) if name in _LOCATIONS else value
        if gated and name == b"link":
            told = _harmless_links(told)
        if told or not value:
            kept.append((name, told))
    if not gated:
        kept.append((b"via", VIA))
    return tuple(kept)


def _cookie_name(value: bytes) -> bytes:
    """The name under which browsers send a cookie back: of ``=a=b``, which has none, they send
    ``a=b``, and the next server takes ``a`` for its name."""
    return value.split(b";", 1)[0].lstrip(b" \t=").split(b"=", 1)[0].strip()


def _harmless_links(value: bytes) -> bytes:
    """A Link header (RFC 8288) without what loads parts of the article before it may be read:
    images, films, sounds, enclosures. Whatever can't be read as links goes altogether."""
    links = _LINK.findall(value)
    if b",".join(links).replace(b" ", b"") != value.strip(b" ,").replace(b" ", b""):
        return b""
    return b", ".join(link.strip() for link in links if _harmless(link.lower()))


def _harmless(link: bytes) -> bool:
    named = _REL.search(link)
    rels = frozenset(named[1].strip(b'"').split()) if named is not None else frozenset()
    if rels & {b"preload", b"prefetch", b"prerender", b"modulepreload"}:
        loaded = _AS.search(link)
        return loaded is not None and loaded[1].strip(b'"') in (b"style", b"script", b"font")
    return bool(rels) and b"enclosure" not in rels


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
    for address in settings.addresses:
        value = _replaced(value, address, site)
    return value


def _replaced(value: bytes, address: bytes, site: bytes) -> bytes:
    """``address`` only where the URL's authority ends behind it."""
    start = 0
    while (at := value.find(address, start)) >= 0:
        after = value[at + len(address) : at + len(address) + 1]
        before = value[at - 1 : at] if at else b""
        if after in _AFTER_AUTHORITY and before != b":":
            value = value[:at] + site + value[at + len(address) :]
            start = at + len(site)
        else:
            start = at + len(address)
    return value
